#include "store/search/logged_models.h"

#include <gtest/gtest.h>

#include "store/common/error.h"

namespace millrace::search::search_logged_models_test {
namespace {

// "CODE message" of what `body` throws.
template <class Body>
std::string refusal(const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    return std::string(error_row(error.code()).wire_name) + " " + error.message();
  }
  return "";
}

std::string filter_refusal(std::string_view filter) {
  return refusal([&] { parse_logged_model_filter(filter); });
}

std::string order_refusal(const std::string& field) {
  return refusal([&] { parse_logged_model_order({{.field_name = field}}); });
}

TEST(LoggedModelFilter, KeysAndValues) {
  const auto filter = parse_logged_model_filter(
      "metrics.`a b` >= 1.5 and creation_time < 5 params.lr = \"x\" AND tags.t in ('a', 2)");
  ASSERT_EQ(filter.size(), 4U);
  EXPECT_EQ(filter[0].kind, ModelKeyKind::Metric);
  EXPECT_EQ(filter[0].key, "a b");
  EXPECT_EQ(std::get<double>(filter[0].value), 1.5);
  EXPECT_EQ(filter[1].key, "creation_timestamp_ms");
  EXPECT_EQ(std::get<std::string>(filter[2].value), "\"x\"");
  EXPECT_EQ(filter[3].op, "IN");
  EXPECT_EQ(std::get<LiteralValue>(filter[3].value).items,
            (std::vector<Value>{"a", std::int64_t{2}}));
}

TEST(LoggedModelFilter, Refusals) {
  EXPECT_EQ(filter_refusal("metric.a = 1"),
            "INVALID_PARAMETER_VALUE Invalid entity type: 'metric'. Expected one of ['attributes', "
            "'metrics', 'params', 'tags'].");
  EXPECT_EQ(
      filter_refusal("name > 'a'"),
      "INVALID_PARAMETER_VALUE Invalid comparison operator for attributes.name: '>'. Expected "
      "one of ('=', '!=', 'LIKE', 'ILIKE', 'IN', 'NOT IN').");
  EXPECT_EQ(filter_refusal("name IS NULL"),
            "INVALID_PARAMETER_VALUE Invalid comparison: nameIS NULL. Expected a comparison with 3 "
            "tokens.");
  EXPECT_EQ(filter_refusal("metrics.a = 'x'"),
            "INTERNAL_ERROR could not convert string to float: \"'x'\"");
  EXPECT_EQ(filter_refusal("nope = 'x' AND metrics.a = b"),
            "INTERNAL_ERROR could not convert string to float: 'b'");
  EXPECT_EQ(filter_refusal("attributes.creation_time > 1"),
            "INTERNAL_ERROR type object 'SqlLoggedModel' has no attribute 'creation_time'");
  EXPECT_EQ(filter_refusal("name IN (5)"),
            "BAD_REQUEST IN expression list, SELECT construct, or bound parameter object expected, "
            "got 5.");
  EXPECT_EQ(
      filter_refusal(" "),
      "INVALID_PARAMETER_VALUE Invalid filter string: ' '. Expected a single SQL expression.");
}

TEST(LoggedModelOrder, IsTotal) {
  const auto order = parse_logged_model_order({{.field_name = "creation_time"}});
  ASSERT_EQ(order.size(), 2U);
  EXPECT_EQ(order[0].column, "creation_timestamp_ms");
  EXPECT_EQ(order[1].column, "model_id");
  EXPECT_EQ(parse_logged_model_order({}).size(), 2U);
  const std::vector<ModelOrderField> many(2000, {.field_name = "name"});
  EXPECT_EQ(parse_logged_model_order(many).size(), 3U);
}

TEST(LoggedModelOrder, Refusals) {
  EXPECT_EQ(order_refusal("nope"), "INVALID_PARAMETER_VALUE Invalid order by field name: nope");
  EXPECT_EQ(order_refusal("params.a"),
            "INVALID_PARAMETER_VALUE Invalid order by field name: params.a. Only metrics are "
            "supported.");
  EXPECT_EQ(refusal([] {
              parse_logged_model_order(
                  std::vector<ModelOrderField>(53, ModelOrderField{.field_name = "metrics.a"}));
            }),
            "INVALID_PARAMETER_VALUE order_by can name at most 52 metrics.");
}

TEST(LoggedModelQuery, NullsComeLastOnEveryDialect) {
  LoggedModelSearch search;
  search.experiment_ids = {1};
  search.order = parse_logged_model_order({{.field_name = "model_type", .ascending = false}});
  const auto order_of = [&](Dialect dialect) {
    const std::string sql = logged_models_query(search, "m.model_id", {1, 0}, dialect).sql;
    return sql.substr(sql.find("ORDER BY"), sql.find(" LIMIT") - sql.find("ORDER BY"));
  };
  const std::string rest = ", m.creation_timestamp_ms DESC, m.model_id";
  EXPECT_EQ(order_of(Dialect::Sqlite), "ORDER BY m.model_type DESC NULLS LAST" + rest);
  EXPECT_EQ(order_of(Dialect::Mysql), "ORDER BY m.model_type IS NULL, m.model_type DESC" + rest);
}

}  // namespace
}  // namespace millrace::search::search_logged_models_test
