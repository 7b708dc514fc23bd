#include "store/search/experiments.h"

#include <gtest/gtest.h>

#include "store/common/error.h"

namespace millrace::search::search_experiments_test {
namespace {

std::string problem(std::string_view filter, const std::vector<std::string>& order_by = {}) {
  try {
    parse_experiment_search(filter, order_by);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InvalidParameterValue);
    return error.message();
  }
  return "";
}

std::string sql(std::string_view filter, Dialect dialect = Dialect::Sqlite,
                const std::vector<std::string>& order_by = {}) {
  static constexpr std::string_view kStages[] = {"active"};
  const Query query = experiments_query(parse_experiment_search(filter, order_by),
                                        "e.experiment_id", kStages, {11, 0}, dialect);
  const std::size_t begin = query.sql.find("(:p1)") + 5;
  return query.sql.substr(begin, query.sql.find(" LIMIT ") - begin);
}

TEST(ExperimentSearch, OperatorsAreInUpperCase) {
  EXPECT_EQ(problem("name LIKE 'a'"), "");
  EXPECT_EQ(problem("name like 'a'"),
            "Invalid comparator 'like' not one of '{'!=', '=', 'LIKE', 'ILIKE', 'IN', 'NOT IN'}'");
  EXPECT_EQ(problem("tags.k like 'a'"), "Invalid comparator for tag: like");
  EXPECT_EQ(problem("experiment_id in ('1')"), "Invalid comparator for experiment_id: in");
  EXPECT_EQ(problem("experiment_id not in ('1')"), "");
  EXPECT_EQ(problem("tags.k is not null"), "");
}

TEST(ExperimentSearch, EachKeyHasItsOperatorsAndValues) {
  EXPECT_EQ(problem("experiment_id > '1'"), "Invalid comparator for experiment_id: >");
  EXPECT_EQ(problem("experiment_id = 1"),
            "Expected a quoted string value for attributes. Got value 1");
  EXPECT_EQ(problem("experiment_id IN ('1', 'x')"),
            "Invalid experiment ID 'x'. Experiment ID must be a valid integer.");
  EXPECT_EQ(problem("experiment_id = '9223372036854775808'"),
            "Invalid experiment ID '9223372036854775808'. Experiment ID must be a 64-bit integer.");
  EXPECT_EQ(problem("name IN ('a')"),
            "Only ['experiment_id'] attributes support comparison with a list of quoted string "
            "values.");
  EXPECT_EQ(problem("creation_time = '1'"),
            "Expected numeric value type for numeric attribute: creation_time. Found '1'");
  EXPECT_EQ(problem("creation_time = 1.50"),
            "Invalid value for numeric attribute 'creation_time': '1.5'");
  EXPECT_EQ(problem("creation_time LIKE 1"),
            "Invalid comparator 'LIKE' not one of '{'!=', '=', 'LIKE', 'ILIKE', 'IN', 'NOT IN'}");
  EXPECT_EQ(problem("name IS NULL"),
            "IS NULL / IS NOT NULL is only supported for tags, not for attribute 'name'");
  EXPECT_EQ(problem("attributes.name = 'a'"),
            "Invalid entity type 'attributes'. Valid entity types are ('attribute', 'tag', "
            "'tags')");
}

// All of the grammar first, then the operators, then the order.
TEST(ExperimentSearch, OrderOfTheChecks) {
  EXPECT_EQ(problem("name like 'a' AND creation_time = 'x'", {"x"}).substr(0, 30),
            "Expected numeric value type fo");
  EXPECT_EQ(problem("name like 'a' AND tags.k > 'x'", {"x"}).substr(0, 25),
            "Invalid comparator 'like'");
  EXPECT_EQ(problem("", {"tags.k", "x y z"}), "Invalid order_by entity: tag");
}

TEST(ExperimentSearch, TheOrderIsTotal) {
  EXPECT_EQ(sql(""), " ORDER BY e.creation_time DESC, e.experiment_id");
  EXPECT_EQ(sql("", Dialect::Sqlite, {"name"}), " ORDER BY e.name, e.experiment_id DESC");
  EXPECT_EQ(sql("", Dialect::Sqlite, {"experiment_id", "`name` desc", "name"}),
            " ORDER BY e.experiment_id, e.name DESC");
}

TEST(ExperimentSearch, ListsOfIds) {
  EXPECT_EQ(sql("experiment_id IN ('01', ' 2 ')"),
            " AND e.experiment_id IN (1, 2) ORDER BY e.creation_time DESC, e.experiment_id");
  EXPECT_EQ(sql("experiment_id = ('1')", Dialect::Mysql),
            " AND e.experiment_id = :p2 ORDER BY e.creation_time DESC, e.experiment_id");
  for (const auto& [filter, dialect] : {std::pair("experiment_id = ('1')", Dialect::Sqlite),
                                        std::pair("experiment_id != ('1', '2')", Dialect::Mysql)}) {
    try {
      sql(filter, dialect);
      ADD_FAILURE() << filter;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::BadRequest);
    }
  }
}

TEST(ExperimentSearch, TagsAreComparedByteForByteOnMysql) {
  EXPECT_NE(sql("tags.k = 'x'", Dialect::Mysql).find("BINARY t.value = "), std::string::npos);
  EXPECT_EQ(sql("tags.k IS NULL", Dialect::Mysql),
            " AND NOT EXISTS (SELECT 1 FROM experiment_tags t WHERE t.experiment_id ="
            " e.experiment_id AND t.key = :p2) ORDER BY e.creation_time DESC, e.experiment_id");
}

TEST(ExperimentSearch, ARepeatedColumnAddsNothing) {
  std::vector<std::string> order(2000, "name DESC");
  order.push_back("name");
  EXPECT_EQ(sql("", Dialect::Sqlite, order), " ORDER BY e.name DESC, e.experiment_id DESC");
}

}  // namespace
}  // namespace millrace::search::search_experiments_test
