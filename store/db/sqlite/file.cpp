#include "store/db/sqlite/file.h"

#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

namespace millrace {
namespace {

using Clock = std::chrono::steady_clock;

// A look costs two system calls.
constexpr std::chrono::milliseconds kBetweenLooksOfReads{20};

[[noreturn]] void throw_lost() {
  throw Error(ErrorCode::TemporarilyUnavailable,
              "The database file was removed or replaced; the server must be started again.");
}

}  // namespace

SqliteFile::SqliteFile(SqliteSession& session, std::string path)
    : path_(std::move(path)), log_path_(path_ + "-wal"), database_(identity_of(path_)) {
  // Only now, so that what was looked at is what is open.
  if (!database_ || session.has_moved()) throw_lost();
  session.first<std::int64_t>("SELECT count(*) FROM sqlite_schema");  // opens the log
  log_ = identity_of_log();
}

std::optional<SqliteFile::Identity> SqliteFile::identity_of(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return std::nullopt;
  return Identity{found.st_dev, found.st_ino};
}

std::optional<SqliteFile::Identity> SqliteFile::identity_of_log() {
  struct stat found {};
  if (::stat(log_path_.c_str(), &found) != 0) return std::nullopt;
  log_size_ = found.st_size;
  return Identity{found.st_dev, found.st_ino};
}

bool SqliteFile::is_lost() {
  if (lost_) {
    set_log_aside();
    return true;
  }
  looked_ = Clock::now().time_since_epoch().count();
  if (identity_of(path_) == database_ && (!log_ || identity_of_log() == log_)) return false;
  if (!lost_.exchange(true)) {
    spdlog::error(
        "The database file {} or its log was removed or replaced under the running server. Nothing "
        "is read or written until the server is started again.",
        path_);
  }
  set_log_aside();
  return true;
}

// Only where another database is in the place: one that was moved away and is put back keeps its
// log.
void SqliteFile::set_log_aside() {
  const auto there = identity_of(path_);
  if (!log_ || !there || there == database_ || set_aside_.exchange(true)) return;
  if (identity_of_log() != log_) return;
  const bool renamed = ::rename(log_path_.c_str(), (log_path_ + ".replaced").c_str()) == 0;
  ::unlink((path_ + "-shm").c_str());
  spdlog::error("The log of the replaced database {} at {}",
                renamed ? "is kept" : "could not be set aside", log_path_ + ".replaced");
}

void SqliteFile::require() {
  if (is_lost()) throw_lost();
}

void SqliteFile::require_lately() {
  const Clock::time_point looked{Clock::duration(looked_.load())};
  if (lost_ || Clock::now() - looked >= kBetweenLooksOfReads) require();
}

}  // namespace millrace
