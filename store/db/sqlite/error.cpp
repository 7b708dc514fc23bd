#include "store/db/sqlite/error.h"

#include <fcntl.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "store/db/database.h"

namespace millrace {
namespace {

// SQLite has no code of its own for its bounds on expressions, terms and patterns.
bool is_about_size(const std::string& message) {
  for (const char* words : {"too many", "too complex", "too large"}) {
    if (message.find(words) != std::string::npos) return true;
  }
  return false;
}

[[noreturn]] void throw_refused(const char* reason) {
  throw Error(ErrorCode::BadRequest, std::string("The database refused the request: ") + reason);
}

// `code` is SQLite's extended result code.
[[noreturn]] void throw_constraint(int code) {
  switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      throw UniqueViolation();
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      throw ForeignKeyViolation();
    case SQLITE_CONSTRAINT_NOTNULL:
      throw_refused("a required value is missing.");
    default:
      throw_refused("a value breaks a rule of its table.");
  }
}

std::string words_of(int error_number) { return std::generic_category().message(error_number); }

// Empty where this process may do that with the file.
std::string refusal_of_access(const std::string& path, int mode) {
  return ::faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) == 0 ? "" : words_of(errno);
}

}  // namespace

// Without opening the file: closing it would give up the locks that this process has on it.
std::string why_sqlite_cannot_open(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) == 0) {
    if (S_ISDIR(found.st_mode)) return words_of(EISDIR);
    const std::string refusal = refusal_of_access(path, R_OK);
    if (!refusal.empty()) return refusal;
  } else if (errno != ENOENT) {
    return words_of(errno);
  } else if (::lstat(path.c_str(), &found) == 0) {
    return "it is a symbolic link to a place that is not there";
  }
  const std::string folder = std::filesystem::path(path).parent_path();
  const std::string refusal = refusal_of_access(folder, W_OK | X_OK);
  return refusal.empty() ? "" : "its folder " + folder + ": " + refusal;
}

void throw_translated(const soci::soci_error& error) {
  const auto* sqlite_error = dynamic_cast<const soci::sqlite3_soci_error*>(&error);
  const int code = sqlite_error == nullptr ? SQLITE_ERROR : sqlite_error->result();
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw Error(ErrorCode::TemporarilyUnavailable, "The database is busy; try again.");
    case SQLITE_CONSTRAINT:
      throw_constraint(code);
    case SQLITE_TOOBIG:
      throw_refused("a value is too long.");
    case SQLITE_MISMATCH:
      throw_refused("a value has the wrong type.");
    case SQLITE_ERROR:
      if (!is_about_size(error.get_error_message())) break;
      throw Error(ErrorCode::BadRequest,
                  "The database refuses the request: it is too large or too complex.");
    default:
      break;
  }
  spdlog::error("database error {}: {}", code, error.get_error_message());
  const std::string message =
      std::string("The database failed: ") + sqlite_api::sqlite3_errstr(code & 0xff) + ".";
  if ((code & 0xff) == SQLITE_CANTOPEN) {
    throw SqliteCannotOpen(ErrorCode::InternalError, message);
  }
  throw Error(ErrorCode::InternalError, message);
}

}  // namespace millrace
