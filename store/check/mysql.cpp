#include <cstdlib>
#include <map>
#include <set>

#include "store/check/dialects.h"
#include "store/text/ascii.h"

namespace millrace {
namespace {

constexpr long long kMiB = 1024 * 1024;
constexpr long long kSmallestPacket = 16 * kMiB;

// Variables or status of the server by their names in lower case; what it does not have is missing.
using Named = std::map<std::string, std::string>;

Named named(Administration& server, const std::string& show) {
  Named result;
  for (const auto& row : server.query(show)) {
    result[ascii_lower(row.at(0).value_or(""))] = row.at(1).value_or("");
  }
  return result;
}

std::string value_of(const Named& named, const std::string& name) {
  const auto found = named.find(name);
  return found == named.end() ? "" : found->second;
}

long long number_of(const Named& named, const std::string& name) {
  return std::atoll(value_of(named, name).c_str());
}

std::string single(Administration& server, const std::string& sql) {
  const auto rows = server.query(sql);
  return rows.empty() || rows[0].empty() ? "" : rows[0][0].value_or("");
}

void check_version(const Named& variables, Findings& findings) {
  const std::string version = value_of(variables, "version");
  const std::string comment = value_of(variables, "version_comment");
  const bool mariadb = version.find("MariaDB") != std::string::npos;
  const bool tidb = version.find("TiDB") != std::string::npos;
  const std::string name = mariadb || tidb ? version : "MySQL " + version;
  const int major = std::atoi(version.c_str());
  if (tidb) {
    findings.advice("version", name + ": Millrace is not tested on TiDB");
  } else if (major < (mariadb ? 10 : 8)) {
    findings.advice("version", name +
                                   " is older than what Millrace is made for (MariaDB 10.11, "
                                   "MySQL 8.0)");
  } else {
    findings.fact("version", name + (comment.empty() ? "" : " (" + comment + ")"));
  }
}

void check_charset(Administration& server, Findings& findings) {
  const auto row = server.query("SELECT @@character_set_database, @@collation_database").at(0);
  const std::string charset = row.at(0).value_or(""), collation = row.at(1).value_or("");
  if (charset == "utf8mb4") {
    findings.fact("charset", charset + ", collation " + collation);
  } else {
    findings.advice("charset", charset + " (" + collation +
                                   ") cannot hold all characters; texts with others are refused. "
                                   "Create databases with CHARACTER SET utf8mb4.");
  }
  const std::string others =
      single(server,
             "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND "
             "table_type = 'BASE TABLE' AND table_collation NOT LIKE 'utf8mb4%'");
  if (charset == "utf8mb4" && others != "0") {
    findings.advice("charset", others + " tables have another charset than utf8mb4");
  }
}

// Of the columns that hold the keys of metrics, params and tags.
void check_collation(Administration& server, Findings& findings) {
  const auto rows = server.query(
      "SELECT DISTINCT collation_name FROM information_schema.columns"
      " WHERE table_schema = DATABASE() AND RIGHT(collation_name, 4) <> '_bin'"
      " AND (table_name, column_name) IN (('metrics', 'key'), ('latest_metrics', 'key'),"
      " ('params', 'key'), ('tags', 'key'), ('experiment_tags', 'key'),"
      " ('registered_model_tags', 'key'), ('model_version_tags', 'key'),"
      " ('logged_model_metrics', 'metric_name'), ('logged_model_params', 'param_key'),"
      " ('logged_model_tags', 'tag_key')) ORDER BY collation_name");
  std::string names;
  for (const auto& row : rows) names += (names.empty() ? "" : ", ") + row.at(0).value_or("");
  if (names.empty()) return;
  findings.advice("collation",
                  names +
                      " finds keys equal that differ in letter case, accents or trailing blanks: "
                      "of two such metrics, params or tags the second is refused. A database "
                      "created with COLLATE utf8mb4_bin tells all but trailing blanks apart.");
}

void check_engine(Administration& server, Findings& findings) {
  const std::string others =
      single(server,
             "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND "
             "table_type = 'BASE TABLE' AND engine <> 'InnoDB'");
  if (others != "0") {
    findings.problem("engine", others +
                                   " tables are not InnoDB's, so they have no transactions: ALTER "
                                   "TABLE ... ENGINE = InnoDB");
  }
}

void check_modes(const Named& variables, Findings& findings) {
  const std::string mode = value_of(variables, "sql_mode");
  const std::string shown = "'" + mode + "' by default; Millrace's sessions set their own";
  if (mode.find("STRICT_") == std::string::npos) {
    findings.advice("sql_mode", shown +
                                    ". An MLflow beside it cuts long values without a word: "
                                    "add STRICT_TRANS_TABLES.");
  } else {
    findings.fact("sql_mode", shown);
  }
  std::string isolation = value_of(variables, "transaction_isolation");
  if (isolation.empty()) isolation = value_of(variables, "tx_isolation");
  findings.fact("isolation", isolation + " by default; Millrace's sessions set their own");
  for (const char* name : {"read_only", "super_read_only", "innodb_read_only"}) {
    const std::string value = value_of(variables, name);
    if (value == "ON" || value == "1") {
      findings.problem("writing", std::string(name) + " is on: this server takes no changes");
    }
  }
}

void check_durability(const Named& variables, Findings& findings) {
  const std::string flush = value_of(variables, "innodb_flush_log_at_trx_commit");
  const bool flushed = flush == "1" || flush == "3";  // 3: MariaDB's, at least as safe
  if (!flush.empty() && !flushed) {
    findings.advice("durability", "innodb_flush_log_at_trx_commit is " + flush +
                                      ": a crash of the server may lose changes that were "
                                      "acknowledged. Set it to 1.");
  }
  if (value_of(variables, "innodb_doublewrite") == "OFF") {
    findings.advice("durability",
                    "innodb_doublewrite is off: a power failure may damage pages, but on a file "
                    "system that writes them whole");
  }
  const bool logs = value_of(variables, "log_bin") == "ON";
  if (logs && value_of(variables, "sync_binlog") != "1") {
    findings.advice("durability",
                    "sync_binlog is not 1: after a crash replicas may differ from this server");
  }
  if (flushed) findings.fact("durability", "the log is synced at every commit");
}

void check_galera(const Named& variables, Administration& server, Findings& findings) {
  if (value_of(variables, "wsrep_on") != "ON") return;
  const Named status = named(server, "SHOW GLOBAL STATUS LIKE 'wsrep_%'");
  if (!status.contains("wsrep_cluster_status")) return;
  const std::string state = value_of(status, "wsrep_local_state_comment");
  const std::string cluster = value_of(status, "wsrep_cluster_status");
  if (cluster != "Primary" || value_of(status, "wsrep_ready") != "ON") {
    findings.problem("Galera", "this node is not in the primary component of its cluster (" +
                                   cluster + ", " + state + ")");
    return;
  }
  const long long size = number_of(status, "wsrep_cluster_size");
  const std::string text = "node of a cluster of " + std::to_string(size) + ", " + state;
  if (size < 3) {
    findings.advice("Galera", text + ": with fewer than three nodes the loss of one may stop it");
  } else {
    findings.fact("Galera", text);
  }
}

void check_packet(const Named& variables, Findings& findings) {
  const long long packet = number_of(variables, "max_allowed_packet");
  const std::string text = "max_allowed_packet is " + std::to_string(packet / kMiB) + " MiB";
  if (packet < kSmallestPacket) {
    findings.advice("packets", text + ": large values are refused. Set it to 16M or more.");
  } else {
    findings.fact("packets", text);
  }
}

void check_connections(const Named& variables, const PoolOptions& pool, Findings& findings) {
  long long most = number_of(variables, "max_connections");
  const long long of_user = number_of(variables, "max_user_connections");
  if (of_user > 0 && (most == 0 || of_user < most)) most = of_user;
  if (most > 0) check_pool(pool, most, findings);
}

// The rights of a role are not looked up.
void check_rights(Administration& server, Findings& findings) {
  const std::string grantee =
      "CONCAT('''', SUBSTRING(CURRENT_USER(), 1, CHAR_LENGTH(CURRENT_USER()) - "
      "CHAR_LENGTH(SUBSTRING_INDEX(CURRENT_USER(), '@', -1)) - 1), '''@''', "
      "SUBSTRING_INDEX(CURRENT_USER(), '@', -1), '''')";
  const auto rows = server.query(
      "SELECT privilege_type FROM information_schema.user_privileges WHERE grantee = " + grantee +
      " UNION SELECT privilege_type FROM information_schema.schema_privileges WHERE grantee = " +
      grantee + " AND DATABASE() LIKE table_schema");
  std::set<std::string> rights;
  for (const auto& row : rows) rights.insert(row.at(0).value_or(""));
  if (rights.empty() || rights == std::set<std::string>{"USAGE"}) {
    findings.fact("rights", "not known: they come with a role or belong to single tables");
    return;
  }
  const auto missing = [&rights](std::initializer_list<const char*> wanted) {
    std::string result;
    for (const char* right : wanted) {
      if (!rights.contains(right)) result.append(result.empty() ? "" : ", ").append(right);
    }
    return result;
  };
  const std::string data = missing({"SELECT", "INSERT", "UPDATE", "DELETE"});
  const std::string schema = missing({"CREATE", "ALTER", "INDEX", "DROP", "REFERENCES"});
  if (!data.empty()) {
    findings.problem("rights", "the user lacks " + data);
  } else if (!schema.empty()) {
    findings.advice("rights",
                    "the user lacks " + schema +
                        ": it cannot set up the schema, nor make the indexes that speed up "
                        "searches");
  } else {
    findings.fact("rights", "all that are needed");
  }
}

}  // namespace

void check_mysql(const DatabaseUri& uri, const PoolOptions& pool, Administration& server,
                 Findings& findings) {
  const Named variables = named(
      server,
      "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('version', 'version_comment', 'sql_mode', "
      "'transaction_isolation', 'tx_isolation', 'read_only', 'super_read_only', "
      "'innodb_read_only', 'innodb_flush_log_at_trx_commit', 'innodb_doublewrite', 'log_bin', "
      "'sync_binlog', 'max_connections', 'max_user_connections', 'max_allowed_packet', "
      "'wsrep_on')");
  check_version(variables, findings);
  const Named tls = named(server, "SHOW SESSION STATUS LIKE 'Ssl_cipher'");
  check_encryption(uri, value_of(tls, "ssl_cipher"), findings);
  check_charset(server, findings);
  check_collation(server, findings);
  check_engine(server, findings);
  check_modes(variables, findings);
  check_durability(variables, findings);
  check_galera(variables, server, findings);
  check_packet(variables, findings);
  check_connections(variables, pool, findings);
  check_clock(
      std::atoll(single(server, "SELECT CAST(UNIX_TIMESTAMP(NOW(6)) * 1000 AS SIGNED)").c_str()),
      findings);
  check_rights(server, findings);
}

}  // namespace millrace
