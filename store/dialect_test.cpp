#include "store/dialect.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(Dialect, RowsAreLockedWhereWritersAreMany) {
  EXPECT_EQ(row_lock(Dialect::Sqlite), "");
  EXPECT_EQ(row_lock(Dialect::Mysql), " FOR UPDATE");
  EXPECT_EQ(row_lock(Dialect::Postgresql), " FOR UPDATE");
}

TEST(Dialect, TagsAreInInsertionOrderOnSqliteAlone) {
  EXPECT_EQ(tag_order(Dialect::Sqlite, "t"), "t.rowid");
  EXPECT_EQ(tag_order(Dialect::Mysql, "t"), "t.key");
  EXPECT_EQ(tag_order(Dialect::Postgresql, "t"), "t.key");
}

TEST(Dialect, UpsertTakesTheValuesOver) {
  const auto text = [](Dialect dialect) {
    return upsert(dialect, "tags", {"name", "key"}, {"value"});
  };
  const std::string standard =
      R"(INSERT INTO tags ("name", "key", "value") VALUES (:name, :key, :value))"
      R"( ON CONFLICT ("name", "key") DO UPDATE SET)"
      R"( "name" = excluded."name", "key" = excluded."key", "value" = excluded."value")";
  EXPECT_EQ(text(Dialect::Sqlite), standard);
  EXPECT_EQ(text(Dialect::Postgresql), standard);
  EXPECT_EQ(text(Dialect::Mysql),
            "INSERT INTO tags (`name`, `key`, `value`) VALUES (:name, :key, :value)"
            " ON DUPLICATE KEY UPDATE"
            " `name` = VALUES(`name`), `key` = VALUES(`key`), `value` = VALUES(`value`)");
}

}  // namespace
}  // namespace millrace
