#include "store/db/sqlite/file.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
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
    : path_(std::move(path)),
      log_path_(path_ + "-wal"),
      database_(look_at(path_.c_str()).identity) {
  // Only now, so that what was looked at is what is open.
  if (!database_ || session.has_moved()) throw_lost();
  session.first<std::int64_t>("SELECT count(*) FROM sqlite_schema");  // opens the log
  log_ = look_at(log_path_.c_str()).identity;
}

// Without the times: since Linux 6.13 whoever asks for them makes the next write store finer ones,
// and each commit's sync then writes the log's inode too.
SqliteFile::Look SqliteFile::look_at(const char* path) {
  struct statx found {};
  if (::statx(AT_FDCWD, path, 0, STATX_INO | STATX_SIZE, &found) == 0) {
    return {Identity{makedev(found.stx_dev_major, found.stx_dev_minor), found.stx_ino},
            static_cast<std::int64_t>(found.stx_size), true};
  }
  return {std::nullopt, 0, errno == ENOENT || errno == ENOTDIR};
}

bool SqliteFile::is_lost() {
  if (lost_) {
    set_log_aside();
    return true;
  }
  looked_ = Clock::now().time_since_epoch().count();
  const Look database = look_at(path_.c_str());
  const Look log = log_ ? look_at(log_path_.c_str()) : Look{};
  log_size_ = log.size;
  // What cannot be looked at, as in a folder that may not be entered at the moment, is not gone.
  const bool same = (!database.certain || database.identity == database_) &&
                    (!log_ || !log.certain || log.identity == log_);
  if (same) return false;
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
  const auto there = look_at(path_.c_str()).identity;
  if (!log_ || !there || there == database_ || set_aside_.exchange(true)) return;
  if (look_at(log_path_.c_str()).identity != log_) return;
  const std::string aside = log_path_ + ".replaced";
  const bool renamed = ::rename(log_path_.c_str(), aside.c_str()) == 0;
  ::unlink((path_ + "-shm").c_str());
  spdlog::error("The log of the database that was replaced {} {}",
                renamed ? "is kept as" : "could not be renamed to", aside);
}

void SqliteFile::require() {
  if (is_lost()) throw_lost();
}

void SqliteFile::require_lately() {
  const Clock::time_point looked{Clock::duration(looked_.load())};
  if (lost_ || Clock::now() - looked >= kBetweenLooksOfReads) require();
}

}  // namespace millrace
