// A SQLite file, alone.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "store/db/administration.h"
#include "store/db/sqlite/plain_connection.h"

namespace millrace {

class SqliteAdministration final : public Administration {
 public:
  // The file at `path` must be there. It is opened by what needs it first.
  explicit SqliteAdministration(std::string path) : path_(std::move(path)) {}

  using Administration::query;
  Dialect dialect() const override { return Dialect::Sqlite; }
  std::vector<Row> query(const std::string& sql, const Values& values) override;
  long long change(const std::string& sql, const Values& values) override;
  void define(const std::string& sql) override;
  void lock() override;
  void create_database(const std::string&) override {}
  void begin(ForeignKeys keys) override;
  void commit() override;
  void roll_back() noexcept override;

 private:
  // Tables and the tables to which some of their rows refer in vain; how many do.
  using Violations = std::map<std::pair<std::string, std::string>, long long>;

  SqlitePlainConnection& connection();
  // Who else uses the file, or nothing once this has the lock.
  struct Holder {
    std::string name;
    bool alone = false;  // as this would be
  };
  std::optional<Holder> try_lock();
  void run(const std::string& sql) { query(sql, {}); }
  [[noreturn]] void fail(int code);
  Violations violations();
  void refuse_new_violations();

  const std::string path_;
  std::unique_ptr<SqlitePlainConnection> connection_;  // null: none is open
  bool locked_ = false;
  std::optional<Violations> found_;  // when the transaction began; absent: keys are enforced
};

}  // namespace millrace
