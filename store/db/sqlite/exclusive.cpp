#include "store/db/sqlite/exclusive.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>

#include "store/common/error.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

bool has_open(const fs::path& process, const struct stat& wanted) {
  std::error_code error;
  for (fs::directory_iterator file(process / "fd", error), end; !error && file != end;
       file.increment(error)) {
    struct stat found {};
    if (::stat(file->path().c_str(), &found) == 0 && found.st_dev == wanted.st_dev &&
        found.st_ino == wanted.st_ino) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::optional<std::string> other_user_of(const std::string& path) {
  struct stat wanted {};
  if (::stat(path.c_str(), &wanted) != 0) return std::nullopt;
  std::error_code error;
  for (fs::directory_iterator process("/proc", error), end; !error && process != end;
       process.increment(error)) {
    const std::string id = process->path().filename();
    if (!is_number(id) || id == std::to_string(::getpid())) continue;
    if (!has_open(process->path(), wanted)) continue;
    std::string name;
    std::getline(std::ifstream(process->path() / "comm"), name);
    return name + " (process " + id + ")";
  }
  return std::nullopt;
}

void throw_in_use(const std::string& path, const std::string& who) {
  throw Error(ErrorCode::TemporarilyUnavailable,
              "The database " + path + " is in use by " + who + "; stop the server first.");
}

void keep_exclusive_lock(SqlitePlainConnection& connection) {
  // SQLite opens what it may not write for reading, and then locks nothing.
  if (sqlite_api::sqlite3_db_readonly(connection.handle(), "main") != 0) {
    throw Error(ErrorCode::PermissionDenied,
                "The database " + connection.path() + " may not be written by this user.");
  }
  connection.set_patience(0);
  connection.run("PRAGMA locking_mode = EXCLUSIVE");  // which keeps the lock that comes now
  connection.run("BEGIN EXCLUSIVE");
  connection.run("COMMIT");
}

SqliteExclusive::SqliteExclusive(const std::string& path) {
  if (const auto user = other_user_of(path)) throw_in_use(path, *user);
  try {
    connection_ =
        std::make_unique<SqlitePlainConnection>(path, SqlitePlainConnection::Mode::ReadWrite);
    // The log is to stay as it is, unless it is written back.
    sqlite_api::sqlite3_db_config(connection_->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
                                  nullptr);
    keep_exclusive_lock(*connection_);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::TemporarilyUnavailable) throw_in_use(path, "another process");
    if (error.code() != ErrorCode::InvalidState) throw;  // no lock, and so no right to go on
    connection_.reset();
  }
}

void SqliteExclusive::write_log_back() {
  if (!connection_) return;
  try {
    connection_->run("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch (const Error&) {  // then the log is kept beside it
  }
}

}  // namespace millrace
