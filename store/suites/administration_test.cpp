// What an Administration promises, on every kind of database.
#include "store/db/administration.h"

#include "store/suites/migration_world.h"

namespace millrace::suites_administration_test {
namespace {

class AdministrationTest : public MigrationWorld {
 protected:
  AdministrationTest() { make(10); }

  std::string single(const std::string& sql, const Values& values = {}) {
    return db_->query(sql, values).at(0).at(0).value_or("NULL");
  }
  std::string code(int id) {
    return single("SELECT code FROM world_items WHERE id = ?", {std::int64_t{id}});
  }

  const std::unique_ptr<Administration> db_ = open();
};

TEST_P(AdministrationTest, BindsValuesOfAllKinds) {
  const std::string text = "it's \"a\" ?, \\ and é";
  EXPECT_EQ(db_->change("UPDATE world_items SET code = ? WHERE id IN (?, ?) AND code <> '?'",
                        {std::string("a ? b"), std::int64_t{1}, std::int64_t{2}}),
            2);
  EXPECT_EQ(code(2), "a ? b");
  db_->change("UPDATE world_notes SET words = ? WHERE id = ?", {text, std::int64_t{5}});
  EXPECT_EQ(single("SELECT words FROM world_notes WHERE id = 5"), text);
  db_->define("ALTER TABLE world_items ADD COLUMN weight DOUBLE PRECISION");
  db_->change("UPDATE world_items SET weight = ? WHERE id = ?", {0.1, std::int64_t{1}});
  EXPECT_EQ(single("SELECT COUNT(*) FROM world_items WHERE weight = ?", {0.1}), "1");
  db_->change("UPDATE world_items SET weight = ? WHERE id = ?", {Value(), std::int64_t{1}});
  EXPECT_EQ(single("SELECT weight FROM world_items WHERE id = 1"), "NULL");
}

TEST_P(AdministrationTest, WhatIsThereOrGoneCountsAsDone) {
  const Dialect dialect = db_->dialect();
  const std::string drop_index = dialect == Dialect::Mysql
                                     ? "ALTER TABLE world_items DROP INDEX world_codes"
                                     : "DROP INDEX world_codes";
  std::vector<std::string> definitions{"CREATE TABLE world_items (id INTEGER)",
                                       "ALTER TABLE world_items ADD COLUMN weight BIGINT",
                                       "CREATE INDEX world_codes ON world_items (code)",
                                       drop_index,
                                       "ALTER TABLE world_items DROP COLUMN weight",
                                       "DROP TABLE world_nowhere"};
  if (dialect == Dialect::Mysql) {
    definitions.push_back("ALTER TABLE world_items ADD PRIMARY KEY (id)");
    definitions.push_back(
        "ALTER TABLE world_notes ADD CONSTRAINT world_notes_item FOREIGN KEY"
        " (item_id) REFERENCES world_items (id) ON DELETE CASCADE");
    definitions.push_back("CREATE TABLE world_version_new (number INTEGER)");
    definitions.push_back("RENAME TABLE world_version_new TO world_version");
    definitions.push_back("DROP TABLE world_version_new");
  }
  const std::string before = dump();
  for (const std::string& definition : definitions) {
    db_->define(definition);
    db_->define(definition);
  }
  EXPECT_EQ(dump(), before);
  if (dialect == Dialect::Mysql) return;
  db_->transact(ForeignKeys::CheckedAtEnd, [&] {
    for (const std::string& definition : definitions) {
      db_->define(definition);
      db_->define(definition);
    }
  });
  EXPECT_EQ(dump(), before);
}

TEST_P(AdministrationTest, OtherRefusalsAreErrors) {
  for (const char* wrong : {"ALTER TABLE world_nowhere ADD COLUMN x INTEGER", "CREATE NONSENSE",
                            "CREATE INDEX world_x ON world_items (nothing)"}) {
    try {
      db_->define(wrong);
      ADD_FAILURE() << wrong;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::InvalidState) << error.message();
    }
  }
  const auto twice = [&] { db_->change("INSERT INTO world_items (id, code) VALUES (1, 'x')", {}); };
  EXPECT_THROW(twice(), Error);
}

TEST_P(AdministrationTest, ATransactionIsWholeOrNothing) {
  const auto change = [&](bool fails) {
    db_->transact(ForeignKeys::Enforced, [&] {
      db_->change("UPDATE world_items SET code = 'changed' WHERE id = 1", {});
      if (fails) throw Error(ErrorCode::InvalidState, "No.");
    });
  };
  EXPECT_THROW(change(true), Error);
  EXPECT_EQ(code(1), "code 1");
  change(false);
  EXPECT_EQ(code(1), "changed");
}

// A body that passes over a refusal has not got everything done.
TEST_P(AdministrationTest, ARefusalIsNotCommittedInSilence) {
  const auto change = [&] {
    db_->transact(ForeignKeys::Enforced, [&] {
      db_->change("UPDATE world_items SET code = 'changed' WHERE id = 1", {});
      try {
        db_->change("INSERT INTO world_items (id, code) VALUES (1, 'x')", {});
      } catch (const Error&) {
      }
    });
  };
  if (db_->dialect() == Dialect::Postgresql) {
    EXPECT_THROW(change(), Error);
    EXPECT_EQ(code(1), "code 1");
  } else {
    change();
    EXPECT_EQ(code(1), "changed");
  }
}

TEST_P(AdministrationTest, AConflictIsRunAgain) {
  int attempts = 0;
  db_->transact(ForeignKeys::Enforced, [&] {
    db_->change("UPDATE world_items SET code = 'changed' WHERE id = ?", {std::int64_t{++attempts}});
    if (attempts < 3) throw Error(ErrorCode::TemporarilyUnavailable, "Busy.");
  });
  EXPECT_EQ(code(1), "code 1");
  EXPECT_EQ(code(3), "changed");
}

TEST_P(AdministrationTest, ValuesThatDoNotFitAreRefused) {
  if (is_file()) GTEST_SKIP() << "SQLite takes any length";
  const auto change = [&] {
    db_->transact(ForeignKeys::Enforced, [&] {
      db_->change("UPDATE world_items SET code = ? WHERE id = 1", {std::string(21, 'x')});
    });
  };
  EXPECT_THROW(change(), Error);
}

MILLRACE_MIGRATION_WORLDS(AdministrationTest);

}  // namespace
}  // namespace millrace::suites_administration_test
