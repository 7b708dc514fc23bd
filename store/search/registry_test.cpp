#include "store/search/registry.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "store/common/error.h"

namespace millrace::search::registry_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Query models(std::string_view filter, Dialect dialect = Dialect::Sqlite,
             const std::vector<std::string>& order_by = {}) {
  return registered_models_query(parse_registered_model_search(filter, order_by), "m.name",
                                 {101, 7}, dialect);
}

Query versions(std::string_view filter, Dialect dialect = Dialect::Sqlite) {
  return model_versions_query(parse_model_version_search(filter, {}), "v.name", {101, 0}, dialect);
}

const std::string no_prompt =
    " AND NOT EXISTS (SELECT 1 FROM registered_model_tags p WHERE p.workspace = 'default' AND "
    "p.key = :p1 AND p.value = :p2 AND p.name = m.name)";

TEST(RegistrySearch, WithoutAFilter) {
  const Query query = models("");
  EXPECT_EQ(query.sql, "SELECT m.name FROM registered_models m WHERE m.workspace = 'default'" +
                           no_prompt + " ORDER BY m.name LIMIT :p3 OFFSET :p4");
  EXPECT_THAT(query.values, ElementsAre(Value("mlflow.prompt.is_prompt"), Value("true"),
                                        Value(std::int64_t{101}), Value(std::int64_t{7})));
  EXPECT_THAT(versions("").sql,
              HasSubstr("v.current_stage != 'Deleted_Internal' AND NOT EXISTS (SELECT 1 FROM "
                        "model_version_tags p"));
}

TEST(RegistrySearch, ALikeHasItsRangeBesideItOnSqlite) {
  const Query query = models("name LIKE 'ab%c'");
  EXPECT_THAT(query.sql, HasSubstr("m.name LIKE :p1 AND m.name >= :p2 AND m.name < :p3"));
  EXPECT_EQ(query.values[1], Value("ab"));
  EXPECT_EQ(query.values[2], Value("ac"));
  EXPECT_THAT(models("name LIKE '%c'").sql, Not(HasSubstr(">=")));
  EXPECT_THAT(models("name LIKE 'ab%'", Dialect::Mysql).sql, Not(HasSubstr(">=")));
}

TEST(RegistrySearch, EndOfRange) {
  EXPECT_EQ(end_of_range("ab"), "ac");
  EXPECT_EQ(end_of_range("a\x7f"), "a\u0080");
  EXPECT_EQ(end_of_range("a\uD7FF"), "a\uE000");
  EXPECT_EQ(end_of_range("a\U0010FFFF"), "b");
  EXPECT_EQ(end_of_range("\U0010FFFF"), "");
}

TEST(RegistrySearch, CaseCountsOnEveryDialect) {
  EXPECT_THAT(models("name = 'a'", Dialect::Mysql).sql,
              HasSubstr("(m.name = :p1 AND BINARY m.name = :p2)"));
  EXPECT_THAT(models("name != 'a'", Dialect::Mysql).sql,
              HasSubstr("(m.name != :p1 OR BINARY m.name != :p2)"));
  EXPECT_THAT(models("name NOT IN ('a', 'b')", Dialect::Mysql).sql,
              HasSubstr("BINARY m.name NOT IN (:p1, :p2)"));
  EXPECT_THAT(models("name ILIKE 'a'", Dialect::Mysql).sql,
              HasSubstr("lower(m.name) LIKE lower(:p1)"));
  EXPECT_THAT(models("name ILIKE 'a'").sql, HasSubstr("lower(m.name) LIKE lower(:p1)"));
  EXPECT_THAT(models("name ILIKE 'a'", Dialect::Postgresql).sql, HasSubstr("m.name ILIKE :p1"));
}

TEST(RegistrySearch, ConditionsOnOneTagKeyAreOnOneTag) {
  const std::string sql =
      models("tags.a = 'x' AND tags.b = 'y' AND tags.a != 'z'", Dialect::Postgresql).sql;
  EXPECT_THAT(sql, HasSubstr("EXISTS (SELECT 1 FROM registered_model_tags t WHERE t.workspace = "
                             "'default' AND t.key = :p1 AND t.value = :p2 AND t.value != :p3 AND "
                             "t.name = m.name) AND EXISTS"));
}

TEST(RegistrySearch, PromptsAreChosenByTheFirstConditionOnTheirTag) {
  const std::string tag = "tags.`mlflow.prompt.is_prompt` ";
  const std::vector<std::string> chosen = {"= 'True'", "!= 'FALSE'",
                                           "= 'true' AND " + tag + "= 'x'"};
  for (const std::string& condition : chosen) {
    EXPECT_THAT(models(tag + condition).sql, Not(HasSubstr("NOT EXISTS"))) << condition;
  }
  const std::vector<std::string> dropped = {"= 'false'", "!= 'true'", "LIKE 'true'",
                                            "= 'x' AND " + tag + "= 'true'"};
  for (const std::string& condition : dropped) {
    EXPECT_EQ(models(tag + condition).sql, models("").sql) << condition;
  }
  EXPECT_THROW(models(tag + "> 'true'"), Error);
}

TEST(RegistrySearch, ATagLeadsToItsRowsUnlessTheNameDoes) {
  EXPECT_THAT(models("tags.a = 'x'").sql, HasSubstr("FROM registered_model_tags d CROSS JOIN"));
  EXPECT_THAT(models("tags.a = 'x' AND name = 'n'").sql, HasSubstr("FROM registered_models m"));
  EXPECT_THAT(versions("tags.a = 'x'").sql, HasSubstr(" UNION ALL "));
  EXPECT_THAT(versions("tags.a = 'x'", Dialect::Mysql).sql, Not(HasSubstr("UNION")));
}

TEST(RegistrySearch, PlacesAreAsManyAsValues) {
  for (const Dialect dialect : {Dialect::Sqlite, Dialect::Mysql, Dialect::Postgresql}) {
    const Query query = versions(
        "tags.a = 'x' AND tags.b LIKE 'y' AND version_number > '3' AND source_path ILIKE 'z'",
        dialect);
    EXPECT_EQ(std::count(query.sql.begin(), query.sql.end(), ':'),
              static_cast<std::ptrdiff_t>(query.values.size()));
    EXPECT_THAT(query.sql, HasSubstr(":p" + std::to_string(query.values.size())));
  }
}

TEST(RegistrySearch, WhatADatabaseCannotCompare) {
  const auto code = [](auto build) {
    try {
      build();
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::FeatureDisabled;
  };
  EXPECT_EQ(code([] { models("name = ('a')"); }), ErrorCode::BadRequest);
  EXPECT_EQ(code([] { models("name = ('a', 'b')", Dialect::Mysql); }), ErrorCode::BadRequest);
  EXPECT_EQ(models("name = ('a')", Dialect::Mysql).values[0], Value("a"));
  EXPECT_EQ(code([] { versions("version_number = 9223372036854775808"); }),
            ErrorCode::InternalError);
  EXPECT_THAT(versions("version_number = 9223372036854775808", Dialect::Mysql).sql,
              HasSubstr("v.version = 9223372036854775808"));
}

}  // namespace
}  // namespace millrace::search::registry_test
