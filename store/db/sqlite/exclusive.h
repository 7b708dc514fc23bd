// Being alone with a SQLite database.
#pragma once

#include <memory>
#include <string>

#include "store/db/sqlite/plain_connection.h"

namespace millrace {

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
