// Being alone with a SQLite database.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "store/db/sqlite/plain_connection.h"

namespace millrace {

// Another process that has the file at `path` open, of those that this one may look into: "millrace
// (process 17)".
std::optional<std::string> other_user_of(const std::string& path);

// The connection keeps others away to its end. Throws TEMPORARILY_UNAVAILABLE at once when one of
// them has a lock, PERMISSION_DENIED when the file may not be written.
void keep_exclusive_lock(SqlitePlainConnection& connection);

// `who` uses the database at `path`.
[[noreturn]] void throw_in_use(const std::string& path, const std::string& who);

// While it lives nobody else can read or write the database at `path`, so that its files can be
// moved.
class SqliteExclusive {
 public:
  // Throws TEMPORARILY_UNAVAILABLE when somebody has it open: in WAL mode, as under a server of
  // ours, by the lock of each connection; in the other modes, where idle connections hold none, as
  // far as the files that processes have open may be looked at. A damaged database, or a file that
  // is none, cannot be locked; that is no error.
  explicit SqliteExclusive(const std::string& path);

  // Writes the log into the database, so that it is whole without; in vain if it is damaged.
  void write_log_back();
  void let_go() { connection_.reset(); }

 private:
  std::unique_ptr<SqlitePlainConnection> connection_;  // null: it cannot be locked
};

}  // namespace millrace
