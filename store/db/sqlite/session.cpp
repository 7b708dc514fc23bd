#include "store/db/sqlite/session.h"

#include <mutex>
#include <thread>

#include "store/db/sqlite/error.h"

namespace millrace {
namespace {

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

// Whether a statement that writes is one whose rows SQLite counts, and no definition.
bool changes_rows(std::string_view sql) {
  for (const std::string_view word : {"INSERT", "UPDATE", "DELETE", "REPLACE", "WITH"}) {
    if (sql.starts_with(word)) return true;
  }
  return false;
}

// The value is asked, not the row, whose answers to the same questions take several times as long;
// SQLite allows that to whoever is alone with the connection.
void read_cell(sqlite_api::sqlite3_stmt* row, int column, Session::ColumnType type,
               Session::Cell& cell) {
  sqlite_api::sqlite3_value* value = sqlite_api::sqlite3_column_value(row, column);
  cell.null = sqlite_api::sqlite3_value_type(value) == SQLITE_NULL;
  if (cell.null) return;
  if (type == Session::ColumnType::Integer) {
    cell.integer = sqlite_api::sqlite3_value_int64(value);
  } else if (type == Session::ColumnType::Real) {
    cell.real = sqlite_api::sqlite3_value_double(value);
  } else {
    const auto* text = reinterpret_cast<const char*>(sqlite_api::sqlite3_value_text(value));
    const int size = sqlite_api::sqlite3_value_bytes(value);
    cell.text = {text, static_cast<std::size_t>(size)};
  }
}

}  // namespace

SqliteSession::SqliteSession(const std::string& path, Role role,
                             std::chrono::milliseconds patience) try
    : soci_(soci::sqlite3, connect_string(path)), patience_(patience) {
  sqlite_api::sqlite3_extended_result_codes(handle(), 1);
  sqlite_api::sqlite3_busy_handler(handle(), &SqliteSession::wait_for_lock, this);
  execute("PRAGMA foreign_keys = ON");
  execute("PRAGMA case_sensitive_like = ON");
  execute("PRAGMA synchronous = FULL");
  set_cache(role == Role::Writer ? kWriterCache : kReaderCache);
  if (role == Role::Reader) execute("PRAGMA query_only = ON");
  first<std::int64_t>("PRAGMA wal_autocheckpoint = " + std::to_string(kCheckpointPages));
} catch (const soci::soci_error& error) {
  throw_translated(error);
}

void SqliteSession::leave_checkpoints() {
  sqlite_api::sqlite3_wal_hook(handle(), &SqliteSession::note_log, this);
}

int SqliteSession::note_log(void* self, sqlite_api::sqlite3*, const char*, int pages) {
  static_cast<SqliteSession*>(self)->log_pages_ = pages;
  return 0;
}

void SqliteSession::check_foreign_keys(bool checked) {
  if (checked == checks_foreign_keys_) return;
  execute(checked ? "PRAGMA foreign_keys = ON" : "PRAGMA foreign_keys = OFF");
  checks_foreign_keys_ = checked;
}

void SqliteSession::set_cache(int kib) {
  if (kib == cache_) return;
  execute("PRAGMA cache_size = -" + std::to_string(kib));
  cache_ = kib;
}

bool SqliteSession::has_changed() {
  return has_defined_ || sqlite_api::sqlite3_total_changes64(handle()) != changes_;
}

void SqliteSession::forget_changes() {
  has_defined_ = false;
  changes_ = sqlite_api::sqlite3_total_changes64(handle());
}

bool SqliteSession::has_moved() {
  int moved = 0;
  const int code =
      sqlite_api::sqlite3_file_control(handle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return code == SQLITE_OK && moved != 0;
}

void SqliteSession::leave_log_at_close() {
  sqlite_api::sqlite3_db_config(handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

bool SqliteSession::in_transaction() { return sqlite_api::sqlite3_get_autocommit(handle()) == 0; }

void SqliteSession::cancel(Ending ending) {
  cancelled_.store(static_cast<int>(ending), std::memory_order_relaxed);
  sqlite_api::sqlite3_interrupt(handle());
}

void SqliteSession::refuse_if_cancelled() const {
  const int why = cancelled_.load(std::memory_order_relaxed);
  if (why != kNotCancelled) throw Cancelled(static_cast<Ending>(why));
}

long long SqliteSession::run(std::string_view sql, const Values& values,
                             std::span<const ColumnType> types, const RowSink& sink) try {
  refuse_if_cancelled();
  return statements_.run(sql, [&](Statement& statement) {
    sqlite_api::sqlite3_stmt* prepared = handle_of(statement);
    check_counts(prepared, values.size(), types.size());
    if (statement.execute(values)) each_row(prepared, types, sink);
    if (sqlite_api::sqlite3_stmt_readonly(prepared) == 0 && !changes_rows(sql)) has_defined_ = true;
  });
} catch (const soci::soci_error& error) {
  refuse_if_cancelled();  // whatever it says: the statement was interrupted, or a wait for a lock
  throw_translated(error);
}

// From the first row, at which the statement is, to its end.
void SqliteSession::each_row(sqlite_api::sqlite3_stmt* prepared, std::span<const ColumnType> types,
                             const RowSink& sink) {
  if (types.empty()) {
    throw Error(ErrorCode::InternalError, "A statement gave rows that nobody reads.");
  }
  cells_.resize(types.size());
  int code = SQLITE_ROW;
  while (code == SQLITE_ROW) {
    for (std::size_t i = 0; i < types.size(); ++i) {
      read_cell(prepared, static_cast<int>(i), types[i], cells_[i]);
    }
    sink(cells_);
    code = sqlite_api::sqlite3_step(prepared);
  }
  if (code != SQLITE_DONE) {
    throw soci::sqlite3_soci_error(sqlite_api::sqlite3_errmsg(handle()), code);
  }
}

// SQLite's own waiting grows to 100 ms steps, in which a lock can be missed for seconds.
int SqliteSession::wait_for_lock(void* self, int attempt) {
  auto* session = static_cast<SqliteSession*>(self);
  const auto now = std::chrono::steady_clock::now();
  if (attempt == 0) session->waiting_since_ = now;
  if (now - session->waiting_since_ >= session->patience_ || session->is_cancelled()) return 0;
  std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return 1;
}

// SQLite takes a value that is not given for NULL, and a column that is not there too.
void SqliteSession::check_counts(sqlite_api::sqlite3_stmt* prepared, std::size_t values,
                                 std::size_t columns) {
  const auto wanted_values =
      static_cast<std::size_t>(sqlite_api::sqlite3_bind_parameter_count(prepared));
  const auto given_columns = static_cast<std::size_t>(sqlite_api::sqlite3_column_count(prepared));
  if (values != wanted_values || (columns != 0 && columns != given_columns)) {
    throw Error(ErrorCode::InternalError,
                "A statement was used with the wrong numbers of values "
                "or columns.");
  }
}

__attribute__((no_sanitize("vptr"))) sqlite_api::sqlite3* SqliteSession::handle() {
  return static_cast<soci::sqlite3_session_backend*>(soci_.get_backend())->conn_;
}

}  // namespace millrace
