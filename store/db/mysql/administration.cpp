#include "store/db/mysql/administration.h"

#include <cppconn/exception.h>
#include <cppconn/resultset.h>
#include <cppconn/resultset_metadata.h>
#include <cppconn/statement.h>
#include <mysql_driver.h>
#include <mysqld_error.h>
#include <spdlog/spdlog.h>

#include <charconv>
#include <chrono>
#include <map>
#include <thread>

#include "store/db/schema_lock.h"

namespace millrace {
namespace {

// How long another replica may take to set up a schema or to index large tables.
constexpr const char* kLockSeconds = "600";
// A definition waits for the transactions that use its table, and who comes later waits for it.
constexpr const char* kSettings = "SET SESSION lock_wait_timeout = 60";

constexpr int kAttempts = 10;
constexpr std::chrono::milliseconds kPause{20};  // more after each attempt

// SOCI's connect string, key='value' with backslashes, taken apart.
std::map<std::string, std::string> parse(const std::string& connect_string) {
  std::map<std::string, std::string> values;
  for (std::size_t at = 0; at < connect_string.size();) {
    const std::size_t equals = connect_string.find("='", at);
    std::string& value = values[connect_string.substr(at, equals - at)];
    for (at = equals + 2; connect_string.at(at) != '\''; ++at) {
      if (connect_string[at] == '\\') ++at;
      value += connect_string.at(at);
    }
    at += 2;  // the quote and a space
  }
  return values;
}

sql::ConnectPropertyVal text(const std::string& value) { return {sql::SQLString(value)}; }

sql::ConnectPropertyVal number(const std::string& value) {
  int number = 0;
  std::from_chars(value.data(), value.data() + value.size(), number);
  return {number};
}

sql::ConnectOptionsMap options_of(const std::string& connect_string) {
  std::map<std::string, std::string> values = parse(connect_string);
  const std::string& library = values["host"];
  if (library.find(']') != std::string::npos) {
    throw Error(ErrorCode::InvalidState, "An option of the database URI holds a ']'.");
  }
  sql::ConnectOptionsMap options;
  // Brackets, in which an IPv6 address may stand, lead everything to the client library unchanged:
  // it knows more options than Connector/C++.
  options["hostName"] = text("tcp://[" + library + "]");
  options["userName"] = text(values["user"]);
  options["password"] = text(values["password"]);
  options["schema"] = text(values["dbname"]);
  options["OPT_CHARSET_NAME"] = text(values["charset"]);
  if (values.contains("port")) options["port"] = number(values["port"]);
  if (values.contains("unix_socket")) options["socket"] = text(values["unix_socket"]);
  if (values.contains("connect_timeout")) {
    options["OPT_CONNECT_TIMEOUT"] = number(values["connect_timeout"]);
  }
  return options;
}

bool is_done(int code) {
  switch (code) {
    case ER_TABLE_EXISTS_ERROR:
    case ER_DUP_KEYNAME:
    case ER_TRG_ALREADY_EXISTS:
    case ER_DUP_ENTRY:
    case ER_BAD_TABLE_ERROR:
    case ER_CANT_DROP_FIELD_OR_KEY:
    case ER_TRG_DOES_NOT_EXIST:
      return true;
    default:
      return false;
  }
}

// A statement that another transaction has pushed aside is undone as a whole; on a node of a
// cluster a definition of another node interrupts it. Elsewhere an administrator does that.
bool is_conflict(int code, bool on_cluster) {
  return code == ER_LOCK_DEADLOCK || (on_cluster && code == ER_QUERY_INTERRUPTED);
}

[[noreturn]] void throw_translated(const sql::SQLException& error) {
  const bool waited = error.getErrorCode() == ER_LOCK_WAIT_TIMEOUT;
  throw Error(waited ? ErrorCode::TemporarilyUnavailable : ErrorCode::InvalidState,
              "The database answered: " + std::string(error.what()) + " (code " +
                  std::to_string(error.getErrorCode()) + ")");
}

std::string quoted(const std::string& name) {
  std::string result = "`";
  for (const char c : name) result += c == '`' ? "``" : std::string(1, c);
  return result + "`";
}

}  // namespace

MysqlAdministration::MysqlAdministration(const ServerAddress& address) {
  try {
    sql::ConnectOptionsMap options = options_of(address.connect_string);
    connection_.reset(sql::mysql::get_driver_instance()->connect(options));
  } catch (const sql::SQLException& error) {
    throw_translated(error);
  }
  if (address.must_be_encrypted &&
      query("SHOW SESSION STATUS LIKE 'Ssl_cipher'").at(0).at(1) == "") {
    throw Error(ErrorCode::InvalidState,
                "The database URI asks for TLS, and the connection is not encrypted.");
  }
  execute(kSettings);
  const std::vector<Row> cluster = query("SHOW VARIABLES LIKE 'wsrep_on'");
  on_cluster_ = !cluster.empty() && cluster.front().at(1) == "ON";
}

void MysqlAdministration::run(const std::function<void(sql::Statement&)>& body,
                              bool (*harmless)(int code)) {
  for (int attempt = 1;; ++attempt) {
    try {
      const std::unique_ptr<sql::Statement> statement(connection_->createStatement());
      return body(*statement);
    } catch (const sql::SQLException& error) {
      if (harmless != nullptr && harmless(error.getErrorCode())) return;
      if (!is_conflict(error.getErrorCode(), on_cluster_) || attempt == kAttempts)
        throw_translated(error);
    }
    std::this_thread::sleep_for(attempt * kPause);
  }
}

std::vector<Administration::Row> MysqlAdministration::query(const std::string& sql) {
  std::vector<Row> rows;
  run([&](sql::Statement& statement) {
    rows.clear();
    const std::unique_ptr<sql::ResultSet> result(statement.executeQuery(sql));
    const unsigned columns = result->getMetaData()->getColumnCount();
    while (result->next()) {
      Row& row = rows.emplace_back();
      for (unsigned i = 1; i <= columns; ++i) {
        const sql::SQLString value = result->getString(i);
        row.push_back(result->wasNull() ? std::nullopt : std::optional(value.asStdString()));
      }
    }
  });
  return rows;
}

void MysqlAdministration::define(const std::string& sql) {
  if (cluster_lock_) cluster_lock_->hold();
  execute(sql);
}

void MysqlAdministration::execute(const std::string& sql) {
  run([&sql](sql::Statement& statement) { statement.execute(sql); }, is_done);
}

void MysqlAdministration::lock() {
  const auto got = [this](const char* seconds) {
    const std::string name = "CONCAT('millrace:', MD5(DATABASE()))";
    return query("SELECT GET_LOCK(" + name + ", " + seconds + ")").at(0).at(0) == "1";
  };
  if (!got("0")) {
    spdlog::info("Waiting for another process, which is setting up the database");
    if (!got(kLockSeconds)) throw_schema_lock_kept("Another process");
  }
  if (on_cluster_) cluster_lock_.emplace(*this);
}

void MysqlAdministration::create_database(const std::string& name) {
  define("CREATE DATABASE IF NOT EXISTS " + quoted(name) + " CHARACTER SET utf8mb4");
}

}  // namespace millrace
