// The lock under which one process at a time changes a schema.
#pragma once

#include <cstdint>
#include <string>

#include "store/common/error.h"

namespace millrace {

// The key of the advisory lock on PostgreSQL ("millrace" as a number). MySQL's has a name, SQLite's
// is its write transaction.
inline constexpr std::int64_t kPostgresqlSchemaLock = 7'883'951'835'720'016'741;

// What an administrator reads when the lock was not to be had. `who` begins the sentence.
[[noreturn]] inline void throw_schema_lock_kept(const std::string& who) {
  throw Error(ErrorCode::TemporarilyUnavailable,
              who +
                  " has been setting up the database for ten minutes. Indexing a large one may take"
                  " that long: see SHOW FULL PROCESSLIST on the database server. Start this process"
                  " again when the other has ended; if nothing is at work there, end it first.");
}

}  // namespace millrace
