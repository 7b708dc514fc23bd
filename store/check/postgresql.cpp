#include <cstdlib>
#include <map>

#include "store/check/dialects.h"

namespace millrace {
namespace {

constexpr int kOldestVersion = 120000;  // that has what Millrace's statements use

using Settings = std::map<std::string, std::string>;

// The first row; throws where there is none.
Administration::Row row(Administration& server, const std::string& sql) {
  return server.query(sql).at(0);
}

std::string text(const Administration::Row& row, std::size_t column) {
  return row.at(column).value_or("");
}

Settings settings_of(Administration& server) {
  Settings result;
  for (const auto& one :
       server.query("SELECT name, setting FROM pg_settings WHERE name IN ('server_version', "
                    "'server_version_num', 'fsync', 'full_page_writes', 'synchronous_commit', "
                    "'default_transaction_isolation', 'max_connections', "
                    "'superuser_reserved_connections')")) {
    result[text(one, 0)] = text(one, 1);
  }
  return result;
}

void check_version(const Settings& settings, Administration& server, Findings& findings) {
  const std::string version = text(row(server, "SELECT version()"), 0);
  const std::string name = version.substr(0, version.find(" on "));
  if (!version.starts_with("PostgreSQL ")) {
    findings.advice("version", name + ": Millrace is tested on PostgreSQL alone");
  } else if (std::atoi(settings.at("server_version_num").c_str()) < kOldestVersion) {
    findings.advice("version", name + " is older than what Millrace is made for (12)");
  } else {
    findings.fact("version", name);
  }
}

// Which database it is: a URI may leave that to libpq.
void check_address(Administration& server, Findings& findings) {
  const auto names = row(server, "SELECT current_database(), current_user");
  findings.fact("address", "the database " + text(names, 0) + ", as the user " + text(names, 1));
}

// The URI with the host that libpq has found where it names none; a socket's has no address.
DatabaseUri with_host_of(DatabaseUri uri, Administration& server) {
  if (uri.host.empty()) {
    uri.host = text(row(server, "SELECT coalesce(host(inet_server_addr()), '')"), 0);
  }
  return uri;
}

void check_charset(Administration& server, Findings& findings) {
  const auto database = row(server,
                            "SELECT pg_encoding_to_char(encoding), datcollate FROM pg_database "
                            "WHERE datname = current_database()");
  const std::string encoding = text(database, 0);
  if (encoding == "UTF8") {
    findings.fact("charset", encoding + ", collation " + text(database, 1));
  } else {
    findings.problem("charset", encoding +
                                    " cannot hold all characters: create databases with ENCODING "
                                    "'UTF8'");
  }
}

void check_durability(const Settings& settings, Findings& findings) {
  if (settings.at("fsync") == "off") {
    findings.problem("durability", "fsync is off: a power failure destroys the database");
  } else if (settings.at("synchronous_commit") == "off") {
    findings.advice("durability",
                    "synchronous_commit is off: a crash of the server may lose changes that were "
                    "acknowledged");
  } else {
    findings.fact("durability", "the log is synced at every commit");
  }
  if (settings.at("full_page_writes") == "off") {
    findings.advice("durability", "full_page_writes is off: a power failure may damage pages");
  }
}

void check_writing(const Settings& settings, Administration& server, Findings& findings) {
  if (text(row(server, "SELECT pg_is_in_recovery()"), 0) == "t") {
    findings.problem("writing", "this server is a standby and takes no changes");
  }
  findings.fact("isolation", settings.at("default_transaction_isolation") +
                                 " by default; Millrace's transactions set their own");
}

void check_connections(const Settings& settings, const PoolOptions& pool, Administration& server,
                       Findings& findings) {
  long long most = std::atoll(settings.at("max_connections").c_str()) -
                   std::atoll(settings.at("superuser_reserved_connections").c_str());
  const auto limits = row(server,
                          "SELECT (SELECT rolconnlimit FROM pg_roles WHERE rolname = "
                          "current_user), (SELECT datconnlimit FROM pg_database WHERE datname = "
                          "current_database())");
  for (std::size_t i = 0; i < 2; ++i) {
    const long long limit = std::atoll(limits.at(i).value_or("-1").c_str());
    if (limit >= 0 && limit < most) most = limit;
  }
  check_pool(pool, most, findings);
}

void check_rights(Administration& server, Findings& findings) {
  const std::string schema = text(row(server, "SELECT current_schema()"), 0);
  if (schema.empty()) {
    findings.problem("rights", "no schema of the search_path exists or may be used");
    return;
  }
  const std::string refused =
      text(row(server,
               "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND NOT ("
               "has_table_privilege(format('%I.%I', schemaname, tablename), 'SELECT') AND "
               "has_table_privilege(format('%I.%I', schemaname, tablename), 'INSERT') AND "
               "has_table_privilege(format('%I.%I', schemaname, tablename), 'UPDATE') AND "
               "has_table_privilege(format('%I.%I', schemaname, tablename), 'DELETE'))"),
           0);
  if (refused != "0") {
    findings.problem("rights", "the user may not read and change " + refused + " tables");
    return;
  }
  const bool may_create =
      text(row(server, "SELECT has_schema_privilege(current_schema(), 'CREATE')"), 0) == "t";
  if (may_create) {
    findings.fact("rights", "all that are needed, in the schema " + schema);
  } else {
    findings.advice("rights", "the user may not create tables and indexes in the schema " + schema +
                                  ": it cannot set up the database");
  }
}

}  // namespace

void check_postgresql(const DatabaseUri& uri, const PoolOptions& pool, Administration& server,
                      Findings& findings) {
  const Settings settings = settings_of(server);
  check_version(settings, server, findings);
  check_address(server, findings);
  const auto tls = server.query(
      "SELECT coalesce(version || ' ' || cipher, '') FROM pg_stat_ssl WHERE pid = "
      "pg_backend_pid()");
  check_encryption(with_host_of(uri, server), tls.empty() ? "" : text(tls[0], 0), findings);
  check_charset(server, findings);
  check_writing(settings, server, findings);
  check_durability(settings, findings);
  check_connections(settings, pool, server, findings);
  check_clock(
      std::atoll(
          text(row(server, "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"), 0)
              .c_str()),
      findings);
  check_rights(server, findings);
}

}  // namespace millrace
