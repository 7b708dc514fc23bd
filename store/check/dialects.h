// What `millrace db check` looks at on each kind of database, beside the schema.
#pragma once

#include "store/check/findings.h"
#include "store/db/administration.h"
#include "store/db/database_uri.h"
#include "store/db/pool_options.h"

namespace millrace {

void check_sqlite(const std::string& path, Db& db, Findings& findings);
// Both throw Error where the server refuses an answer.
void check_mysql(const DatabaseUri& uri, const PoolOptions& pool, Administration& server,
                 Findings& findings);
void check_postgresql(const DatabaseUri& uri, const PoolOptions& pool, Administration& server,
                      Findings& findings);

// ---- What the servers have in common ----

// Whether the connection stays on this machine.
bool is_local(const DatabaseUri& uri);

void check_encryption(const DatabaseUri& uri, const std::string& cipher, Findings& findings);

// `most`: sessions that the server lets this user have in all.
void check_pool(const PoolOptions& pool, long long most, Findings& findings);

// `server_ms`: the server's clock, ms since the epoch.
void check_clock(long long server_ms, Findings& findings);

}  // namespace millrace
