#include "store/db/mysql/administration.h"

#include <cppconn/exception.h>
#include <cppconn/prepared_statement.h>
#include <cppconn/resultset.h>
#include <cppconn/resultset_metadata.h>
#include <cppconn/statement.h>
#include <mysql_driver.h>
#include <mysqld_error.h>
#include <spdlog/spdlog.h>

#include <charconv>
#include <chrono>
#include <map>
#include <string_view>
#include <thread>

#include "store/db/mysql/connect_string.h"
#include "store/db/schema_lock.h"

namespace millrace {
namespace {

// How long another replica may take to set up a schema or to index large tables.
constexpr const char* kLockSeconds = "600";
// A definition waits for the transactions that use its table, and who comes later waits for it.
constexpr const char* kMigrationSettings =
    "SET SESSION lock_wait_timeout = 60, @millrace_sql_mode = @@SESSION.sql_mode";
// In a transaction rows are changed as by the other sessions: what does not fit is refused, and 0
// stays 0. Definitions have the server's own mode, which triggers keep.
constexpr const char* kStrict =
    "SET SESSION sql_mode = CONCAT_WS(',', NULLIF(@millrace_sql_mode, ''),"
    " 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO')";
constexpr const char* kUsual = "SET SESSION sql_mode = @millrace_sql_mode";
constexpr const char* kIsolation = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";

constexpr int kAttempts = 10;
constexpr std::chrono::milliseconds kPause{20};  // more after each attempt

sql::ConnectPropertyVal text(const std::string& value) { return {sql::SQLString(value)}; }

sql::ConnectPropertyVal number(const std::string& value) {
  int number = 0;
  std::from_chars(value.data(), value.data() + value.size(), number);
  return {number};
}

sql::ConnectOptionsMap options_of(const std::string& connect_string) {
  std::map<std::string, std::string> values = parse_connect_string(connect_string);
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

// A key that is taken twice is there already where a row is inserted, and else a fault.
bool is_done(const std::string& sql, const sql::SQLException& error) {
  switch (error.getErrorCode()) {
    case ER_TABLE_EXISTS_ERROR:
    case ER_DUP_KEYNAME:
    case ER_DUP_FIELDNAME:
    case ER_DUP_CONSTRAINT_NAME:
    case ER_MULTIPLE_PRI_KEY:
    case ER_TRG_ALREADY_EXISTS:
    case ER_BAD_TABLE_ERROR:
    case ER_CANT_DROP_FIELD_OR_KEY:
    case ER_TRG_DOES_NOT_EXIST:
      return true;
    case ER_DUP_ENTRY:
      return sql.starts_with("INSERT");
    case ER_CANT_CREATE_TABLE:  // as MariaDB says that a foreign key's name is there
      return std::string_view(error.what()).find("errno: 121 ") != std::string_view::npos;
    default:
      return false;
  }
}

// A statement that another transaction has pushed aside is undone as a whole; on a node of a
// cluster a definition of another node interrupts it. Elsewhere an administrator does that.
bool is_conflict(int code, bool on_cluster) {
  return code == ER_LOCK_DEADLOCK || (on_cluster && code == ER_QUERY_INTERRUPTED);
}

ErrorCode administration_code(int code) {
  switch (code) {
    case ER_LOCK_WAIT_TIMEOUT:
    case ER_LOCK_DEADLOCK:
      return ErrorCode::TemporarilyUnavailable;
    case ER_DISK_FULL:
    case ER_RECORD_FILE_FULL:
      return ErrorCode::InsufficientStorage;
    default:
      return ErrorCode::InvalidState;
  }
}

[[noreturn]] void throw_translated(const sql::SQLException& error) {
  throw Error(administration_code(error.getErrorCode()),
              "The database answered: " + std::string(error.what()) + " (code " +
                  std::to_string(error.getErrorCode()) + ")");
}

void bind(sql::PreparedStatement& statement, unsigned place, const Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    statement.setInt64(place, *integer);
  } else if (const auto* real = std::get_if<double>(&value)) {
    statement.setDouble(place, *real);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    statement.setString(place, *text);
  } else {
    statement.setNull(place, 0);
  }
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
  execute(kMigrationSettings);
  execute(kIsolation);
  const std::vector<Row> cluster = query("SHOW VARIABLES LIKE 'wsrep_on'");
  on_cluster_ = !cluster.empty() && cluster.front().at(1) == "ON";
}

void MysqlAdministration::run(const std::function<void()>& body, const Harmless& harmless) {
  for (int attempt = 1;; ++attempt) {
    try {
      return body();
    } catch (const sql::SQLException& error) {
      if (harmless && harmless(error)) return;
      const bool again = is_conflict(error.getErrorCode(), on_cluster_) && !in_transaction_;
      if (!again || attempt == kAttempts) throw_translated(error);
    }
    std::this_thread::sleep_for(attempt * kPause);
  }
}

std::unique_ptr<sql::PreparedStatement> MysqlAdministration::prepare(const std::string& sql,
                                                                     const Values& values) {
  std::unique_ptr<sql::PreparedStatement> statement(connection_->prepareStatement(sql));
  for (unsigned i = 0; i < values.size(); ++i) bind(*statement, i + 1, values[i]);
  return statement;
}

std::vector<Administration::Row> MysqlAdministration::query(const std::string& sql,
                                                            const Values& values) {
  std::vector<Row> rows;
  run([&] {
    rows.clear();
    std::unique_ptr<sql::Statement> plain;
    std::unique_ptr<sql::PreparedStatement> prepared;
    std::unique_ptr<sql::ResultSet> result;
    if (values.empty()) {  // not all that is asked without can be prepared
      plain.reset(connection_->createStatement());
      result.reset(plain->executeQuery(sql));
    } else {
      prepared = prepare(sql, values);
      result.reset(prepared->executeQuery());
    }
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
  run(
      [&] {
        const std::unique_ptr<sql::Statement> statement(connection_->createStatement());
        statement->execute(sql);
      },
      [&sql](const sql::SQLException& error) { return is_done(sql, error); });
}

long long MysqlAdministration::change(const std::string& sql, const Values& values) {
  long long changed = 0;
  run([&] { changed = prepare(sql, values)->executeUpdate(); });
  return changed;
}

void MysqlAdministration::begin(ForeignKeys) {
  if (cluster_lock_) cluster_lock_->hold();
  execute(kStrict);
  execute("START TRANSACTION");
  in_transaction_ = true;
}

void MysqlAdministration::commit() {
  execute("COMMIT");
  in_transaction_ = false;
  execute(kUsual);
}

void MysqlAdministration::roll_back() noexcept {
  try {
    execute("ROLLBACK");
    execute(kUsual);
  } catch (const std::exception& error) {  // the connection is gone, and with it the transaction
    spdlog::debug("A transaction was not undone: {}", error.what());
  }
  in_transaction_ = false;
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
  if (cluster_lock_) {
    cluster_lock_->hold();
  } else if (on_cluster_) {
    cluster_lock_.emplace(*this);
  }
}

void MysqlAdministration::create_database(const std::string& name) {
  define("CREATE DATABASE IF NOT EXISTS " + quoted(name) + " CHARACTER SET utf8mb4");
}

}  // namespace millrace
