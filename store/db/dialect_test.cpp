#include "store/db/dialect.h"

#include <gtest/gtest.h>

namespace millrace::dialect_test {
namespace {

TEST(Dialect, RowsAreLockedWhereWritersAreMany) {
  EXPECT_EQ(row_lock(Dialect::Sqlite), "");
  EXPECT_EQ(row_lock(Dialect::Mysql), " FOR UPDATE");
  EXPECT_EQ(row_lock(Dialect::Postgresql), " FOR UPDATE");
}

TEST(Dialect, TagsAreInInsertionOrderOnSqliteAlone) {
  EXPECT_EQ(tag_order(Dialect::Sqlite, "t"), "t.rowid");
  EXPECT_EQ(tag_order(Dialect::Mysql, "t"), "t.key");
  EXPECT_EQ(tag_order(Dialect::Postgresql, "t"), "t.ctid");
  EXPECT_EQ(by_tag_order(Dialect::Sqlite, "t"), " ORDER BY t.rowid");
  EXPECT_EQ(by_tag_order(Dialect::Mysql, "t"), "");
  EXPECT_EQ(by_tag_order(Dialect::Postgresql, "t"), "");
}

TEST(Dialect, InsertQuotesTheColumns) {
  EXPECT_EQ(insert("tags", {"key", "value"}),
            R"(INSERT INTO tags ("key", "value") VALUES (:key0, :value0))");
}

TEST(Dialect, UpsertTakesTheValuesOver) {
  const auto text = [](Dialect dialect) {
    return upsert(dialect, "tags", {"name", "key"}, {"value"});
  };
  const std::string standard =
      R"(INSERT INTO tags ("name", "key", "value") VALUES (:name0, :key0, :value0))"
      R"( ON CONFLICT ("name", "key") DO UPDATE SET)"
      R"( "name" = excluded."name", "key" = excluded."key", "value" = excluded."value")";
  EXPECT_EQ(text(Dialect::Sqlite), standard);
  EXPECT_EQ(text(Dialect::Postgresql), standard);
  EXPECT_EQ(
      text(Dialect::Mysql),
      "INSERT INTO tags (\"name\", \"key\", \"value\") VALUES (:name0, :key0, :value0)"
      " ON DUPLICATE KEY UPDATE"
      " \"name\" = VALUES(\"name\"), \"key\" = VALUES(\"key\"), \"value\" = VALUES(\"value\")");
}

TEST(Dialect, MysqlRefusesAnotherSpelling) {
  const auto text = [](Dialect dialect) {
    return upsert_spelled(dialect, "tags", "key", {"run"}, {"value"});
  };
  EXPECT_EQ(text(Dialect::Sqlite), text(Dialect::Postgresql));
  EXPECT_EQ(text(Dialect::Postgresql),
            upsert(Dialect::Postgresql, "tags", {"key", "run"}, {"value"}));
  EXPECT_EQ(text(Dialect::Mysql),
            "INSERT INTO tags (\"key\", \"run\", \"value\") VALUES (:key0, :run0, :value0)"
            " ON DUPLICATE KEY UPDATE"
            " \"key\" = IF(BINARY tags.\"key\" = BINARY VALUES(\"key\"), tags.\"key\", NULL),"
            " \"run\" = VALUES(\"run\"), \"value\" = VALUES(\"value\")");
}

TEST(Dialect, MissingRowsAreInserted) {
  const auto text = [](Dialect dialect) {
    return insert_missing(dialect, "params", {"key", "value"}, 2);
  };
  EXPECT_EQ(text(Dialect::Sqlite), text(Dialect::Postgresql));
  EXPECT_EQ(text(Dialect::Postgresql),
            R"(INSERT INTO params ("key", "value") VALUES (:key0, :value0), (:key1, :value1))"
            " ON CONFLICT DO NOTHING");
  EXPECT_EQ(text(Dialect::Mysql),
            "INSERT INTO params (\"key\", \"value\") VALUES (:key0, :value0), (:key1, :value1)"
            " ON DUPLICATE KEY UPDATE \"key\" = \"key\"");
}

TEST(Dialect, TheGreaterRowStays) {
  const auto text = [](Dialect dialect) {
    return upsert_greater(dialect, "latest", {"key"}, {"step", "value"}, {"is_nan"}, 1);
  };
  EXPECT_EQ(text(Dialect::Sqlite), text(Dialect::Postgresql));
  EXPECT_EQ(text(Dialect::Postgresql),
            R"(INSERT INTO latest ("key", "step", "value", "is_nan"))"
            R"( VALUES (:key0, :step0, :value0, :is_nan0) ON CONFLICT ("key") DO UPDATE SET)"
            R"( "is_nan" = excluded."is_nan", "value" = excluded."value",)"
            R"( "step" = excluded."step")"
            R"( WHERE (excluded."step", excluded."value") > (latest."step", latest."value"))");
  const std::string greater =
      "IF((VALUES(\"step\"), VALUES(\"value\")) > (latest.\"step\", latest.\"value\"), ";
  EXPECT_EQ(text(Dialect::Mysql),
            "INSERT INTO latest (\"key\", \"step\", \"value\", \"is_nan\")"
            " VALUES (:key0, :step0, :value0, :is_nan0) ON DUPLICATE KEY UPDATE"
            " \"key\" = IF(BINARY latest.\"key\" = BINARY VALUES(\"key\"), latest.\"key\", NULL),"
            " \"is_nan\" = " +
                greater + "VALUES(\"is_nan\"), \"is_nan\"), \"value\" = " + greater +
                "VALUES(\"value\"), \"value\"), \"step\" = " + greater +
                "VALUES(\"step\"), \"step\")");
}

}  // namespace
}  // namespace millrace::dialect_test
