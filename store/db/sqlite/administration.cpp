#include "store/db/sqlite/administration.h"

#include <spdlog/spdlog.h>

#include <charconv>
#include <chrono>
#include <thread>

#include "store/db/schema_lock.h"
#include "store/db/sqlite/exclusive.h"

namespace millrace {
namespace {

using sqlite_api::sqlite3_stmt;

// How long one waits for another who is alone with the file, and for those who just use it: these
// may be about to ask for the same lock, and a server does not end.
constexpr std::chrono::minutes kAlonePatience{10};
constexpr std::chrono::seconds kUsePatience{3};
constexpr std::chrono::milliseconds kBetweenTries{50};
constexpr int kStatementPatience = 20'000;  // ms, as the sessions'

class AdministrationStatement {
 public:
  AdministrationStatement(sqlite_api::sqlite3* connection, const std::string& sql)
      : code_(sqlite_api::sqlite3_prepare_v2(connection, sql.c_str(), -1, &statement_, nullptr)) {}
  ~AdministrationStatement() { sqlite_api::sqlite3_finalize(statement_); }
  AdministrationStatement(const AdministrationStatement&) = delete;
  AdministrationStatement& operator=(const AdministrationStatement&) = delete;

  void bind(const Values& values) {
    for (std::size_t i = 0; i < values.size() && code_ == SQLITE_OK; ++i) {
      code_ = bind(static_cast<int>(i) + 1, values[i]);
    }
  }
  bool step() {
    if (code_ == SQLITE_OK || code_ == SQLITE_ROW) code_ = sqlite_api::sqlite3_step(statement_);
    return code_ == SQLITE_ROW;
  }
  bool failed() const { return code_ != SQLITE_OK && code_ != SQLITE_DONE; }
  int code() const { return code_; }

  Administration::Row row() {
    Administration::Row result;
    for (int i = 0; i < sqlite_api::sqlite3_column_count(statement_); ++i) {
      const auto* text =
          reinterpret_cast<const char*>(sqlite_api::sqlite3_column_text(statement_, i));
      const int size = sqlite_api::sqlite3_column_bytes(statement_, i);
      result.push_back(text == nullptr
                           ? std::nullopt
                           : std::optional(std::string(text, static_cast<std::size_t>(size))));
    }
    return result;
  }

 private:
  // The values outlive the statement, so that nothing is copied.
  int bind(int place, const Value& value) {
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      return sqlite_api::sqlite3_bind_int64(statement_, place, *integer);
    }
    if (const auto* real = std::get_if<double>(&value)) {
      return sqlite_api::sqlite3_bind_double(statement_, place, *real);
    }
    if (const auto* text = std::get_if<std::string>(&value)) {
      return sqlite_api::sqlite3_bind_text(statement_, place, text->data(),
                                           static_cast<int>(text->size()), nullptr);
    }
    return sqlite_api::sqlite3_bind_null(statement_, place);
  }

  sqlite3_stmt* statement_ = nullptr;
  int code_;
};

// SQLite has one code for all that a definition can be refused for.
bool is_done_already(const std::string& sql, const std::string& why) {
  if (why.find(" already exists") != std::string::npos) return true;
  if (why.starts_with("duplicate column name: ")) return true;
  const bool drops = sql.starts_with("DROP ") || sql.find(" DROP ") != std::string::npos;
  return drops && why.starts_with("no such ");
}

ErrorCode administration_code(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ErrorCode::TemporarilyUnavailable;
    case SQLITE_FULL:
      return ErrorCode::InsufficientStorage;
    default:
      return ErrorCode::InvalidState;
  }
}

}  // namespace

SqlitePlainConnection& SqliteAdministration::connection() {
  if (!connection_) {
    connection_ =
        std::make_unique<SqlitePlainConnection>(path_, SqlitePlainConnection::Mode::ReadWrite);
    connection_->run("PRAGMA synchronous = FULL");
  }
  return *connection_;
}

void SqliteAdministration::fail(int code) {
  throw Error(administration_code(code), "The database " + path_ + " answered: " +
                                             sqlite_api::sqlite3_errmsg(connection().handle()));
}

std::vector<Administration::Row> SqliteAdministration::query(const std::string& sql,
                                                             const Values& values) {
  AdministrationStatement statement(connection().handle(), sql);
  statement.bind(values);
  std::vector<Row> rows;
  while (statement.step()) rows.push_back(statement.row());
  if (statement.failed()) fail(statement.code());
  return rows;
}

long long SqliteAdministration::change(const std::string& sql, const Values& values) {
  query(sql, values);
  return sqlite_api::sqlite3_changes64(connection().handle());
}

void SqliteAdministration::define(const std::string& sql) {
  AdministrationStatement statement(connection().handle(), sql);
  while (statement.step()) {
  }
  if (!statement.failed()) return;
  if (statement.code() == SQLITE_ERROR &&
      is_done_already(sql, sqlite_api::sqlite3_errmsg(connection().handle()))) {
    return;
  }
  fail(statement.code());
}

// Without an open file while it waits, by which the other processes would see this one.
void SqliteAdministration::lock() {
  using Clock = std::chrono::steady_clock;
  if (locked_) return;
  const Clock::time_point began = Clock::now();
  std::optional<Clock::time_point> used_since;
  bool told = false;
  while (true) {
    const std::optional<Holder> holder = try_lock();
    if (!holder) break;
    connection_.reset();
    const Clock::time_point now = Clock::now();
    if (holder->alone) {
      used_since.reset();
      if (now - began >= kAlonePatience) throw_schema_lock_kept(holder->name);
      if (!told) spdlog::info("Waiting for {}, which is alone with the database", holder->name);
      told = true;
    } else if (!used_since) {
      used_since = now;
    } else if (now - *used_since >= kUsePatience) {
      throw_in_use(path_, holder->name);
    }
    std::this_thread::sleep_for(kBetweenTries);
  }
  locked_ = true;
}

std::optional<SqliteAdministration::Holder> SqliteAdministration::try_lock() {
  connection_.reset();
  const std::optional<std::string> user = other_user_of(path_);
  const std::string name = user.value_or("another process");
  try {
    if (!user) {
      keep_exclusive_lock(connection());
      connection().set_patience(kStatementPatience);
      return std::nullopt;
    }
  } catch (const Error& error) {
    if (error.code() != ErrorCode::TemporarilyUnavailable) throw;
    connection_.reset();  // and another one in the usual mode
  }
  connection().set_patience(0);
  try {
    run("SELECT count(*) FROM sqlite_schema");
  } catch (const Error& error) {
    if (error.code() != ErrorCode::TemporarilyUnavailable) throw;
    return Holder{name, true};
  }
  return Holder{name, false};
}

void SqliteAdministration::begin(ForeignKeys keys) {
  const bool enforced = keys == ForeignKeys::Enforced;
  found_.reset();
  run(enforced ? "PRAGMA foreign_keys = ON" : "PRAGMA foreign_keys = OFF");
  run("BEGIN IMMEDIATE");
  if (!enforced) found_ = violations();
}

void SqliteAdministration::commit() {
  if (found_) refuse_new_violations();
  run("COMMIT");
  found_.reset();
}

void SqliteAdministration::roll_back() noexcept {
  found_.reset();
  if (!connection_ || sqlite_api::sqlite3_get_autocommit(connection_->handle()) != 0) return;
  try {
    run("ROLLBACK");
  } catch (const std::exception& error) {  // the next BEGIN fails
    spdlog::debug("A transaction was not undone: {}", error.what());
  }
}

SqliteAdministration::Violations SqliteAdministration::violations() {
  Violations result;
  for (const Row& row : query("SELECT \"table\", parent, count(*) FROM pragma_foreign_key_check"
                              " GROUP BY 1, 2")) {
    const std::string count = row.at(2).value_or("");
    std::from_chars(count.data(), count.data() + count.size(),
                    result[{row.at(0).value_or(""), row.at(1).value_or("")}]);
  }
  return result;
}

// What was there before is none of ours: MLflow has not always enforced them.
void SqliteAdministration::refuse_new_violations() {
  for (const auto& [tables, count] : violations()) {
    const auto before = found_->find(tables);
    if (before != found_->end() && count <= before->second) continue;
    throw Error(ErrorCode::InvalidState, "The database " + path_ + " would be left with " +
                                             std::to_string(count) + " rows of " + tables.first +
                                             " that refer to rows of " + tables.second +
                                             " which are not there.");
  }
}

}  // namespace millrace
