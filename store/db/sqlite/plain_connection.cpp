#include "store/db/sqlite/plain_connection.h"

#include <memory>

#include "store/common/error.h"
#include "store/db/sqlite/error.h"

namespace millrace {
namespace {

constexpr int kPlainPatience = 20'000;        // ms, as the sessions'
constexpr int kStepsBetweenQuestions = 1000;  // of SQLite's machine

ErrorCode code_of(int sqlite_code) {
  switch (sqlite_code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_INTERRUPT:
      return ErrorCode::TemporarilyUnavailable;
    case SQLITE_FULL:
      return ErrorCode::InsufficientStorage;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorCode::InvalidState;
    default:
      return ErrorCode::InternalError;
  }
}

}  // namespace

SqlitePlainConnection::SqlitePlainConnection(std::string path, Mode mode) : path_(std::move(path)) {
  const int flags = mode == Mode::ReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  const int code = sqlite_api::sqlite3_open_v2(path_.c_str(), &handle_, flags, nullptr);
  if (code != SQLITE_OK) {
    sqlite_api::sqlite3_close(handle_);
    std::string why = why_sqlite_cannot_open(path_);
    if (why.empty()) why = sqlite_api::sqlite3_errstr(code);
    throw Error(ErrorCode::InternalError, "Cannot open the database " + path_ + ": " + why + ".");
  }
  sqlite_api::sqlite3_extended_result_codes(handle_, 1);
  set_patience(kPlainPatience);
}

SqlitePlainConnection::~SqlitePlainConnection() { sqlite_api::sqlite3_close(handle_); }

std::string SqlitePlainConnection::run(const char* sql) {
  sqlite_api::sqlite3_stmt* prepared = nullptr;
  const int prepared_code = sqlite_api::sqlite3_prepare_v2(handle_, sql, -1, &prepared, nullptr);
  const std::unique_ptr<sqlite_api::sqlite3_stmt, int (*)(sqlite_api::sqlite3_stmt*)> statement(
      prepared, sqlite_api::sqlite3_finalize);
  if (prepared_code != SQLITE_OK) fail(prepared_code);
  std::string result;
  int code = sqlite_api::sqlite3_step(prepared);
  if (code == SQLITE_ROW) {
    const auto* text = reinterpret_cast<const char*>(sqlite_api::sqlite3_column_text(prepared, 0));
    if (text != nullptr) result = text;
  }
  while (code == SQLITE_ROW) code = sqlite_api::sqlite3_step(prepared);
  if (code != SQLITE_DONE) fail(code);
  return result;
}

void SqlitePlainConnection::end_when(std::function<bool()> wants_stop) {
  wants_stop_ = std::move(wants_stop);
  sqlite_api::sqlite3_progress_handler(
      handle_, kStepsBetweenQuestions,
      [](void* self) { return static_cast<SqlitePlainConnection*>(self)->wants_stop_() ? 1 : 0; },
      this);
}

void SqlitePlainConnection::set_patience(int milliseconds) {
  sqlite_api::sqlite3_busy_timeout(handle_, milliseconds);
}

void SqlitePlainConnection::fail(int code) const {
  std::string why = sqlite_api::sqlite3_errstr(code);
  if (code == SQLITE_READONLY_ROLLBACK) {
    why = "a program that used it crashed and left " + path_ +
          "-journal; start the server once, which completes or undoes what was under way";
  }
  throw Error(code_of(code), "The database " + path_ + " cannot be used: " + why + ".");
}

}  // namespace millrace
