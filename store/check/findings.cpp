#include "store/check/findings.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "store/check/dialects.h"
#include "store/common/clock.h"
#include "store/db/sqlite/uri.h"
#include "store/schema/prepare.h"

namespace millrace {
namespace {

constexpr long long kMostSkewMs = 2000;

void check_schema_of(Db& db, Findings& findings) {
  try {
    const std::string revision = check_schema(db);
    if (revision.empty()) {
      findings.fact("schema",
                    "none yet; the start of a server creates it, or 'millrace db upgrade'");
    } else {
      findings.fact("schema", "MLflow's revision " + revision);
    }
    const std::string migration = migration_beside_servers(db);
    if (!migration.empty()) findings.advice("migration", migration + ", while servers may run");
  } catch (const Error& error) {
    findings.problem("schema", error.message());
  }
}

void check_file(const DbOptions& options, Findings& findings) {
  const std::string path = sqlite_location(options.uri);
  if (!std::filesystem::exists(path)) {
    findings.fact("schema", "none yet; the start of a server creates the file " + path);
    return;
  }
  Db db(options);
  check_schema_of(db, findings);
  check_sqlite(path, db, findings);
}

void check_server(const DatabaseUri& uri, const DbOptions& options, Findings& findings) {
  const auto server = open_administration(uri);
  if (uri.dialect == Dialect::Mysql) {
    check_mysql(uri, options.pool, *server, findings);
  } else {
    check_postgresql(uri, options.pool, *server, findings);
  }
  Db db(options);
  check_schema_of(db, findings);
}

}  // namespace

std::size_t Findings::problems() const {
  return static_cast<std::size_t>(std::count_if(
      list_.begin(), list_.end(),
      [](const Finding& finding) { return finding.level == Finding::Level::Problem; }));
}

Findings check_database(const DbOptions& options) {
  const DatabaseUri uri = parse_database_uri(options.uri);
  Findings findings;
  try {
    if (uri.dialect == Dialect::Sqlite) {
      check_file(options, findings);
    } else {
      check_server(uri, options, findings);
    }
  } catch (const Error& error) {  // what follows cannot be asked any more
    if (error.code() == ErrorCode::InvalidParameterValue) throw;
    findings.problem("database", error.message());
  }
  return findings;
}

bool is_local(const DatabaseUri& uri) {
  return !uri.socket.empty() || uri.host.empty() || uri.host.starts_with('/') ||
         uri.host == "localhost" || uri.host == "127.0.0.1" || uri.host == "::1";
}

void check_encryption(const DatabaseUri& uri, const std::string& cipher, Findings& findings) {
  if (!cipher.empty()) {
    findings.fact("TLS", "in use, " + cipher);
  } else if (is_local(uri)) {
    findings.fact("TLS", "not in use; the connection does not leave this machine");
  } else {
    findings.advice("TLS",
                    "not in use: others in the network can read all data. Set up TLS on the "
                    "server and ask for it in the URI.");
  }
}

void check_pool(const PoolOptions& pool, long long most, Findings& findings) {
  const auto ours = static_cast<long long>(std::max<std::size_t>(pool.size + pool.overflow, 1));
  const std::string text = "up to " + std::to_string(ours) + " by one Millrace, of " +
                           std::to_string(most) + " that the server allows";
  if (ours > most) {
    findings.problem("connections", text +
                                        "; lower MLFLOW_SQLALCHEMYSTORE_POOL_SIZE and "
                                        "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW, or raise the "
                                        "server's limit");
  } else if (ours * 2 > most) {
    findings.advice("connections", text + ": no room for a second one");
  } else {
    findings.fact("connections", text);
  }
}

void check_clock(long long server_ms, Findings& findings) {
  const long long skew = server_ms - now_ms();
  if (std::llabs(skew) <= kMostSkewMs) {
    findings.fact("clock", "as this machine's");
    return;
  }
  findings.advice("clock", "the server's differs by " + std::to_string(skew) +
                               " ms from this machine's, of which Millrace takes its times; "
                               "synchronise the machines");
}

}  // namespace millrace
