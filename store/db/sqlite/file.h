// Whether the files of a SQLite database are still those that this process has open.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "store/db/sqlite/session.h"

namespace millrace {

// SQLite would go on writing to a file that nobody can find any more, and would mix a database that
// was put in its place with the log of the old one. Once a file is gone or replaced the database is
// lost until the process starts again, whatever lies there afterwards. The log of a database that
// was replaced is renamed to "...-wal.replaced", since SQLite would take it for the new one's.
// Thread-safe.
class SqliteFile {
 public:
  // `session` has the file at `path` open, in the journal mode in which it stays. Throws Error when
  // the file was replaced meanwhile.
  SqliteFile(SqliteSession& session, std::string path);

  // Whether the database is lost. Looks at the files.
  bool is_lost();
  // Throws TEMPORARILY_UNAVAILABLE when it is.
  void require();
  // The same for reads, which look only now and then: what they read of a lost file is old, but
  // whole.
  void require_lately();

  // Bytes of the write-ahead log when it was last looked at.
  std::int64_t log_size() const { return log_size_; }

 private:
  struct Identity {
    dev_t device;
    ino_t inode;
    bool operator==(const Identity&) const = default;
  };
  struct Look {
    std::optional<Identity> identity;
    std::int64_t size = 0;  // bytes
    bool certain = false;   // false when it could not be told whether a file is there
  };
  static Look look_at(const char* path);
  void set_log_aside();

  const std::string path_;
  const std::string log_path_;
  std::optional<Identity> database_;
  std::optional<Identity> log_;  // absent where there is no write-ahead log
  std::atomic<bool> lost_ = false;
  std::atomic<bool> set_aside_ = false;
  std::atomic<std::int64_t> log_size_ = 0;
  std::atomic<std::chrono::steady_clock::rep> looked_ = 0;
};

}  // namespace millrace
