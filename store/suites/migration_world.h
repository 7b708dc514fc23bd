// For tests of migrations: small tables of their own on each kind of database, and an invented
// migration of them with the three kinds of step.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "store/db/administration.h"
#include "store/schema/migrator.h"
#include "store/suites/database_files.h"

namespace millrace {

// The process dies behind its nth statement.
class DyingAdministration final : public Administration {
 public:
  DyingAdministration(Administration& inner, int statements) : inner_(inner), left_(statements) {}

  using Administration::query;
  Dialect dialect() const override { return inner_.dialect(); }
  std::vector<Row> query(const std::string& sql, const Values& values) override {
    auto rows = inner_.query(sql, values);
    count();
    return rows;
  }
  long long change(const std::string& sql, const Values& values) override {
    const long long rows = inner_.change(sql, values);
    count();
    return rows;
  }
  void define(const std::string& sql) override { inner_.define(sql), count(); }
  void lock() override { inner_.lock(), count(); }
  void create_database(const std::string& name) override { inner_.create_database(name); }
  void begin(ForeignKeys keys) override { inner_.begin(keys), count(); }
  void commit() override { inner_.commit(), count(); }
  void roll_back() noexcept override { inner_.roll_back(); }

 private:
  void count() {
    if (--left_ == 0) ::kill(::getpid(), SIGKILL);
  }

  Administration& inner_;
  int left_;
};

class MigrationWorld : public DbTest, public testing::WithParamInterface<std::string> {
 protected:
  MigrationWorld() {
    if (is_file()) {
      uri_ = "sqlite:///" + path();
      ForeignConnection(path()).run(GetParam() == "SqliteWal" ? "PRAGMA journal_mode = WAL"
                                                              : "PRAGMA user_version = 1");
    } else {
      uri_ = std::getenv("MILLRACE_TEST_DATABASE");
    }
  }
  ~MigrationWorld() override {
    if (!is_file()) drop();
  }

  bool is_file() const { return GetParam() != "Server"; }
  std::unique_ptr<Administration> open() const {
    return open_administration(parse_database_uri(uri_));
  }

  void drop() {
    const auto db = open();
    for (const char* table : {"world_notes", "world_items", "world_version", kMigrationTable}) {
      db->define(std::string("DROP TABLE ") + table);
    }
  }

  // The tables as they are at first, with that many items and a note for every fifth.
  void make(int items) {
    drop();
    const auto db = open();
    db->define("CREATE TABLE world_version (number INTEGER NOT NULL)");
    db->define(
        "CREATE TABLE world_items (id INTEGER NOT NULL, code VARCHAR(20) NOT NULL,"
        " PRIMARY KEY (id))");
    db->define(
        "CREATE TABLE world_notes (id INTEGER NOT NULL, item_id INTEGER NOT NULL,"
        " words VARCHAR(50) NOT NULL, PRIMARY KEY (id), CONSTRAINT world_notes_item"
        " FOREIGN KEY (item_id) REFERENCES world_items (id) ON DELETE CASCADE)");
    db->transact(ForeignKeys::Enforced, [&] {
      db->change("INSERT INTO world_version (number) VALUES (1)", {});
      for (int first = 1; first <= items; first += 500) {
        std::string rows, notes;
        for (int id = first; id < first + 500 && id <= items; ++id) {
          const std::string number = std::to_string(id);
          rows += (rows.empty() ? "(" : ", (") + number + ", 'code " + number + "')";
          if (id % 5 != 0) continue;
          notes += (notes.empty() ? "(" : ", (") + number + ", " + number + ", 'note')";
        }
        db->change("INSERT INTO world_items (id, code) VALUES " + rows, {});
        db->change("INSERT INTO world_notes (id, item_id, words) VALUES " + notes, {});
      }
    });
  }

  // Columns with their types, indexes, foreign keys and rows: all that a migration changes.
  std::string dump() const {
    const auto db = open();
    std::string text;
    const auto add = [&](const std::string& sql) {
      for (const auto& row : db->query(sql)) {
        for (const auto& value : row) text += value.value_or("NULL") + " ";
        text += "\n";
      }
    };
    for (const std::string& question : questions_of_shape()) add(question);
    add("SELECT * FROM world_items ORDER BY id");
    add("SELECT * FROM world_notes ORDER BY id");
    add("SELECT * FROM world_version");
    return text;
  }

  // The version 2: a column, rebuilt tables with a foreign key between them, filled rows, that many
  // in a batch. That no batch runs twice shows in the sums.
  static Migration migration(std::int64_t batch_rows = 1'000) {
    const auto moved = [](const char* number) {
      return [number](Administration& db) {
        return db.query("SELECT number FROM world_version").at(0).at(0) == number;
      };
    };
    Migration result{.name = "world 2",
                     .steps = {},
                     .forward = {"world upgrade", moved("2"), wrong_weight,
                                 "UPDATE world_version SET number = 2"},
                     .back = MigrationWay{
                         "world downgrade", moved("1"), {}, "UPDATE world_version SET number = 1"}};
    result.steps.push_back({"the items get a weight", added_column(), dropped_column()});
    result.steps.push_back({"longer codes", rebuilt("BIGINT", "128"), rebuilt("INTEGER", "20")});
    result.steps.push_back({"the weights are filled",
                            Batches{batch("COALESCE(weight, 0) + id", batch_rows)},
                            Batches{batch("NULL", batch_rows)}});
    return result;
  }

  // As in the program: locks, migrates, lets go. Returns what Migrator::run does.
  bool run(const Migration& migration, Direction direction = Direction::Forward) const {
    const auto db = open();
    return Migrator(*db, migration).run(direction);
  }

  // What it throws, which must be of that code.
  std::string failure(const Migration& migration, ErrorCode code,
                      Direction direction = Direction::Forward) const {
    try {
      run(migration, direction);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.message();
      return error.message();
    }
    ADD_FAILURE() << "no error";
    return "";
  }

  // In a process of its own, without a statement's number to its end. The process's exit code: 0 if
  // there was something to do, 3 if not; -1 if it was killed.
  pid_t launch(const Migration& migration, Direction direction, int statements = 0) const {
    const pid_t child = ::fork();
    if (child != 0) return child;
    try {
      const auto inner = open();
      DyingAdministration db(*inner, statements);
      ::_exit(Migrator(db, migration).run(direction) ? 0 : 3);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
    }
    ::_exit(1);
  }
  static int end_of(pid_t child) {
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  const std::string& uri() const { return uri_; }

 private:
  std::vector<std::string> questions_of_shape() const {
    const Dialect dialect = parse_database_uri(uri_).dialect;
    if (dialect == Dialect::Sqlite) {
      return {
          "SELECT t.name, c.* FROM sqlite_schema t, pragma_table_info(t.name) c"
          " WHERE t.name LIKE 'world%' ORDER BY t.name, c.cid",
          "SELECT name, tbl_name FROM sqlite_schema WHERE type = 'index' AND name LIKE 'w%'",
          "SELECT * FROM pragma_foreign_key_list('world_notes')",
          "SELECT name FROM sqlite_schema WHERE name LIKE 'world%new'"};
    }
    if (dialect == Dialect::Mysql) {
      return {"SHOW CREATE TABLE world_items", "SHOW CREATE TABLE world_notes"};
    }
    return {
        "SELECT table_name, column_name, data_type, character_maximum_length, is_nullable"
        " FROM information_schema.columns WHERE table_name LIKE 'world%' ORDER BY 1, 2",
        "SELECT indexdef FROM pg_indexes WHERE tablename LIKE 'world%' ORDER BY 1",
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conname LIKE 'world%' ORDER BY 1"};
  }

  static std::string wrong_weight(Administration& db) {
    const auto rows =
        db.query("SELECT COUNT(*) FROM world_items WHERE weight IS NULL OR weight <> id");
    return rows.at(0).at(0) == "0" ? "" : rows.at(0).at(0).value_or("") + " weights are wrong";
  }

  static Definitions added_column() {
    const std::vector<std::string> all{"ALTER TABLE world_items ADD COLUMN weight BIGINT",
                                       "CREATE INDEX world_items_weight ON world_items (weight)"};
    return {all, all, all};
  }
  static Definitions dropped_column() {
    const std::string column = "ALTER TABLE world_items DROP COLUMN weight";
    const std::vector<std::string> both{"DROP INDEX world_items_weight", column};
    return {both, {"ALTER TABLE world_items DROP INDEX world_items_weight", column}, both};
  }

  static Definitions rebuilt(const std::string& type, const std::string& length) {
    const std::string code = "VARCHAR(" + length + ")";
    return {{"CREATE TABLE world_items_new (id " + type + " NOT NULL, code " + code +
                 " NOT NULL, weight BIGINT, PRIMARY KEY (id))",
             "INSERT INTO world_items_new SELECT id, code, weight FROM world_items",
             "DROP TABLE world_items", "ALTER TABLE world_items_new RENAME TO world_items",
             "CREATE INDEX world_items_weight ON world_items (weight)"},
            {"ALTER TABLE world_notes DROP FOREIGN KEY world_notes_item",
             "ALTER TABLE world_items DROP PRIMARY KEY, MODIFY id " + type +
                 " NOT NULL, MODIFY code " + code + " NOT NULL, ADD PRIMARY KEY (id)",
             "ALTER TABLE world_notes MODIFY item_id " + type + " NOT NULL",
             "ALTER TABLE world_notes ADD CONSTRAINT world_notes_item FOREIGN KEY (item_id)"
             " REFERENCES world_items (id) ON DELETE CASCADE"},
            {"ALTER TABLE world_items ALTER COLUMN id TYPE " + type + ", ALTER COLUMN code TYPE " +
                 code,
             "ALTER TABLE world_notes ALTER COLUMN item_id TYPE " + type}};
  }

  static std::function<std::optional<std::string>(Administration&, const std::string&)> batch(
      const std::string& weight, std::int64_t rows) {
    return [weight, rows](Administration& db,
                          const std::string& position) -> std::optional<std::string> {
      const std::int64_t from = position.empty() ? 0 : std::stoll(position);
      const auto last = db.query(
          "SELECT MAX(id) FROM (SELECT id FROM world_items WHERE id > ?"
          " ORDER BY id LIMIT " +
              std::to_string(rows) + ") AS part",
          {from});
      if (!last.at(0).at(0)) return std::nullopt;
      db.change("UPDATE world_items SET weight = " + weight + " WHERE id > ? AND id <= ?",
                {from, std::int64_t{std::stoll(*last[0][0])}});
      return last[0][0];
    };
  }

  std::string uri_;
};

inline std::vector<std::string> migration_worlds() {
  std::vector<std::string> worlds{"Sqlite", "SqliteWal"};
  if (std::getenv("MILLRACE_TEST_DATABASE") != nullptr) worlds.emplace_back("Server");
  return worlds;
}

#define MILLRACE_MIGRATION_WORLDS(fixture)                                            \
  INSTANTIATE_TEST_SUITE_P(Databases, fixture, testing::ValuesIn(migration_worlds()), \
                           [](const auto& world) { return world.param; })

}  // namespace millrace
