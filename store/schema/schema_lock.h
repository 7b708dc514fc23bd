// The lock under which one process at a time changes a schema.
#pragma once

#include <cstdint>

namespace millrace {

// The key of the advisory lock on PostgreSQL ("millrace" as a number). MySQL's has a name, SQLite's
// is its write transaction.
inline constexpr std::int64_t kPostgresqlSchemaLock = 7'883'951'835'720'016'741;

}  // namespace millrace
