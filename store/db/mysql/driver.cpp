// MySQL and MariaDB by SOCI's back end over the MariaDB client library.
#include "store/db/server/driver.h"

#include <mysqld_error.h>
#include <soci/mysql/soci-mysql.h>

#include "store/db/mysql/administration.h"

namespace millrace {
namespace {

// MariaDB's and MySQL's codes that the client library's headers do not name.
constexpr unsigned kSnapshotConflict = 1020;  // ER_CHECKREAD, under innodb_snapshot_isolation
constexpr unsigned kNodeNotReady = 1047;    // ER_UNKNOWN_COM_ERROR: a Galera node out of its group
constexpr unsigned kServerShutdown = 1053;  // ER_SERVER_SHUTDOWN
constexpr unsigned kQueryInterrupted = 1317;    // ER_QUERY_INTERRUPTED: as the server stops
constexpr unsigned kConnectionKilled = 1927;    // ER_CONNECTION_KILLED
constexpr unsigned kIdleTimeout = 4031;         // MySQL's ER_CLIENT_INTERACTION_TIMEOUT
constexpr unsigned kCheckViolated = 4025;       // MariaDB's ER_CONSTRAINT_FAILED
constexpr unsigned kCheckViolatedMysql = 3819;  // MySQL's ER_CHECK_CONSTRAINT_VIOLATED

// The modes that the statements here are written for, whatever the server's default: standard
// quotes and ||, the experiment 0, and values that do not fit are refused and not cut.
constexpr const char* kSettings =
    "SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,STRICT_ALL_TABLES,"
    "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO',"
    " autocommit = 0, innodb_lock_wait_timeout = 10";
// Without a BEGIN each transaction is a round trip shorter; its first statement begins it.
constexpr const char* kReading =
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
constexpr const char* kWriting =
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE";

// SOCI's back ends export no type information, which the sanitizer's check of a cast needs.
__attribute__((no_sanitize("vptr"))) MYSQL_RES* result_of(Statement& statement) {
  return static_cast<soci::mysql_statement_backend*>(statement.backend())->result_;
}

void require_encryption(soci::session& session) {
  std::string name, cipher;
  session << "SHOW STATUS LIKE 'Ssl_cipher'", soci::into(name), soci::into(cipher);
  if (cipher.empty()) throw soci::soci_error("The server offers no TLS, which the URI asks for");
}

// On a node of a Galera cluster a transaction waits for what other nodes have committed before it,
// so that a client may go from one replica to another between two requests. A transaction waits at
// its first statement, if that is of a kind that the setting names: 1 for SELECT, 2 and 4 for what
// changes rows.
void wait_for_other_nodes(soci::session& session, Transaction kind) {
  std::string name, value;
  session << "SHOW VARIABLES LIKE 'wsrep_on'", soci::into(name), soci::into(value);
  if (!session.got_data() || value != "ON") return;
  session << "SET SESSION wsrep_sync_wait = " << (kind == Transaction::Read ? 1 : 7);
}

class MysqlDriver final : public ServerDriver {
 public:
  explicit MysqlDriver(const ServerAddress& address) : address_(address) {}

  Dialect dialect() const override { return Dialect::Mysql; }
  std::unique_ptr<soci::session> connect(Transaction kind) override;
  std::unique_ptr<Administration> administration() const override;
  std::string_view begin() const override { return ""; }
  bool failure_ends_transaction() const override { return false; }
  bool takes_nul() const override { return true; }
  void each_row(Statement& statement, std::span<const Session::ColumnType> types,
                std::span<Session::Cell> cells, const Session::RowSink& sink) override;
  Failure failure_of(soci::session& session, const soci::soci_error& error) const override;

 private:
  const ServerAddress address_;
};

std::unique_ptr<soci::session> MysqlDriver::connect(Transaction kind) {
  auto session = std::make_unique<soci::session>(soci::mysql, address_.connect_string);
  if (address_.must_be_encrypted) require_encryption(*session);
  *session << kSettings;
  *session << (kind == Transaction::Read ? kReading : kWriting);
  wait_for_other_nodes(*session, kind);
  *session << "COMMIT";
  return session;
}

std::unique_ptr<Administration> MysqlDriver::administration() const {
  return std::make_unique<MysqlAdministration>(address_);
}

void MysqlDriver::each_row(Statement& statement, std::span<const Session::ColumnType> types,
                           std::span<Session::Cell> cells, const Session::RowSink& sink) {
  MYSQL_RES* result = result_of(statement);
  if (result == nullptr) check_columns(0, types.size());
  check_columns(mysql_num_fields(result), types.size());
  mysql_data_seek(result, 0);
  while (MYSQL_ROW row = mysql_fetch_row(result)) {
    const unsigned long* sizes = mysql_fetch_lengths(result);
    for (std::size_t i = 0; i < types.size(); ++i) set_cell(cells[i], types[i], row[i], sizes[i]);
    sink(cells);
  }
}

Failure MysqlDriver::failure_of(soci::session&, const soci::soci_error& error) const {
  const auto* mysql_error = dynamic_cast<const soci::mysql_soci_error*>(&error);
  if (mysql_error == nullptr) {
    if (error.get_error_message().find("infinity or NaN") == std::string::npos) {
      return {Failure::Other, "SOCI"};
    }
    return {Failure::Refused, "a number is infinite, or not a number."};
  }
  switch (mysql_error->err_num_) {
    case ER_DUP_ENTRY:
    case ER_DUP_ENTRY_WITH_KEY_NAME:
      return {Failure::Duplicate};
    case ER_LOCK_DEADLOCK:  // Galera's failed certification too
    case ER_LOCK_WAIT_TIMEOUT:
    case kSnapshotConflict:
      return {Failure::Conflict};
    case CR_CONNECTION_ERROR:
    case CR_CONN_HOST_ERROR:
    case CR_SERVER_GONE_ERROR:
    case CR_SERVER_LOST:
    case kNodeNotReady:
    case kServerShutdown:
    case kQueryInterrupted:
    case kConnectionKilled:
    case kIdleTimeout:
    case ER_OPTION_PREVENTS_STATEMENT:  // the server has become read-only
      return {Failure::Disconnected};
    case ER_NO_REFERENCED_ROW:
    case ER_NO_REFERENCED_ROW_2:
    case ER_ROW_IS_REFERENCED:
    case ER_ROW_IS_REFERENCED_2:
      return {Failure::Referenced};
    case ER_BAD_NULL_ERROR:
      return {Failure::Refused, "a required value is missing."};
    case ER_FOREIGN_DUPLICATE_KEY_WITH_CHILD_INFO:
    case ER_FOREIGN_DUPLICATE_KEY_WITHOUT_CHILD_INFO:
      return {Failure::Refused, "rows that refer to it would get a key that is there already."};
    case ER_DATA_TOO_LONG:
    case ER_NET_PACKET_TOO_LARGE:
    case ER_TOO_BIG_ROWSIZE:
      return {Failure::Refused, "a value is too long."};
    case ER_WARN_DATA_OUT_OF_RANGE:
    case ER_DATA_OUT_OF_RANGE:
      return {Failure::Refused, "a number is out of range."};
    case ER_TRUNCATED_WRONG_VALUE_FOR_FIELD:
    case ER_TRUNCATED_WRONG_VALUE:
      return {Failure::Refused,
              "a value has the wrong type, or a character that the database's charset lacks."};
    case kCheckViolated:
    case kCheckViolatedMysql:
      return {Failure::Refused, "a value breaks a rule of its table."};
    default:
      return {Failure::Other, std::to_string(mysql_error->err_num_)};
  }
}

}  // namespace
}  // namespace millrace

extern "C" std::unique_ptr<millrace::ServerDriver> millrace_open_server_driver(
    const millrace::ServerAddress& address) {
  return std::make_unique<millrace::MysqlDriver>(address);
}
