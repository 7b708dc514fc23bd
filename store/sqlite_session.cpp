#include "store/sqlite_session.h"

#include <mutex>
#include <thread>

#include "store/sqlite_error.h"

namespace millrace {
namespace {

// Enough for the fixed statements of a busy server; the text of searches varies without end.
constexpr std::size_t kMaxPrepared = 96;
// Bytes. The text of a long search takes a hundred times its size when prepared, and does not come
// again.
constexpr std::size_t kLongestKept = 8192;

// A session is used by one thread at a time and nobody asks for SQLite's memory statistics, so
// both of its locks around everything are given up.
void configure_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    sqlite_api::sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    sqlite_api::sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  });
}

std::string connect_string(const std::string& path) {
  configure_library();
  return "dbname=\"" + path + "\"";
}

// SOCI's back ends export no type information, which the sanitizer's check of a cast needs.
__attribute__((no_sanitize("vptr"))) sqlite_api::sqlite3_stmt* handle_of(Statement& statement) {
  return static_cast<soci::sqlite3_statement_backend*>(statement.backend())->stmt_;
}

}  // namespace

SqliteSession::SqliteSession(const std::string& path, Role role) try
    : soci_(soci::sqlite3, connect_string(path)) {
  sqlite_api::sqlite3_extended_result_codes(handle(), 1);
  sqlite_api::sqlite3_busy_handler(handle(), &SqliteSession::wait_for_lock, this);
  execute("PRAGMA foreign_keys = ON");
  execute("PRAGMA case_sensitive_like = ON");
  execute("PRAGMA synchronous = FULL");
  // KiB; the pages that other sessions use too are in the kernel's cache anyway.
  execute(role == Role::Writer ? "PRAGMA cache_size = -1024" : "PRAGMA cache_size = -256");
  if (role == Role::Reader) execute("PRAGMA query_only = ON");
} catch (const soci::soci_error& error) {
  throw_translated(error);
}

bool SqliteSession::in_transaction() { return sqlite_api::sqlite3_get_autocommit(handle()) == 0; }

long long SqliteSession::run(std::string_view sql, const Values& values,
                             std::span<const ColumnType> types, const RowSink& sink) {
  if (running_) {
    throw Error(ErrorCode::InternalError, "A statement began inside the rows of another.");
  }
  struct Running {
    explicit Running(bool& flag) : flag_(flag) { flag_ = true; }
    ~Running() { flag_ = false; }
    bool& flag_;
  } const running(running_);
  try {
    Prepared& entry = prepared(sql);
    try {
      check_counts(entry.statement, values.size(), types.size());
      const long long changed = entry.statement.run(values, types, sink);
      if (sql.size() > kLongestKept) drop_front();
      return changed;
    } catch (...) {
      drop_front();  // it is not at its end and would keep its snapshot open
      throw;
    }
  } catch (const soci::soci_error& error) {
    throw_translated(error);
  }
}

// SQLite's own waiting grows to 100 ms steps, in which a lock can be missed for seconds.
int SqliteSession::wait_for_lock(void* self, int attempt) {
  auto* session = static_cast<SqliteSession*>(self);
  const auto now = std::chrono::steady_clock::now();
  if (attempt == 0) session->waiting_since_ = now;
  if (now - session->waiting_since_ >= session->patience_) return 0;
  std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return 1;
}

SqliteSession::Prepared& SqliteSession::prepared(std::string_view sql) {
  const auto found = index_.find(sql);
  if (found != index_.end()) {
    recent_.splice(recent_.begin(), recent_, found->second);
    return recent_.front();
  }
  if (recent_.size() >= kMaxPrepared) {
    index_.erase(recent_.back().sql);
    recent_.pop_back();
  }
  recent_.emplace_front(soci_, sql);
  index_.emplace(recent_.front().sql, recent_.begin());
  return recent_.front();
}

// SQLite takes a value that is not given for NULL, and a column that is not there too.
void SqliteSession::check_counts(Statement& statement, std::size_t values, std::size_t columns) {
  sqlite_api::sqlite3_stmt* prepared = handle_of(statement);
  const auto wanted_values =
      static_cast<std::size_t>(sqlite_api::sqlite3_bind_parameter_count(prepared));
  const auto given_columns = static_cast<std::size_t>(sqlite_api::sqlite3_column_count(prepared));
  if (values != wanted_values || (columns != 0 && columns != given_columns)) {
    throw Error(ErrorCode::InternalError,
                "A statement was used with the wrong numbers of values "
                "or columns.");
  }
}

void SqliteSession::drop_front() {
  index_.erase(recent_.front().sql);
  recent_.pop_front();
}

__attribute__((no_sanitize("vptr"))) sqlite_api::sqlite3* SqliteSession::handle() {
  return static_cast<soci::sqlite3_session_backend*>(soci_.get_backend())->conn_;
}

}  // namespace millrace
