#include "store/db/mysql/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cmath>
#include <cstring>

#include "store/db/connection_options.h"
#include "store/db/mysql/failure.h"
#include "store/db/mysql/values.h"

namespace millrace {
namespace {

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
constexpr const char* kWritingNothing =
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY";

// SOCI's back ends export no type information, which the sanitizer's check of a cast needs.
__attribute__((no_sanitize("vptr"))) MYSQL* handle_of(soci::session& session) {
  return static_cast<soci::mysql_session_backend*>(session.get_backend())->conn_;
}

// A setting that limits what a statement may take, not above what the administrator has set.
std::string at_most(const char* name, const std::string& limit) {
  return std::string(", ") + name + " = IF(@@" + name + " = 0, " + limit + ", LEAST(@@" + name +
         ", " + limit + "))";
}

}  // namespace

MariadbConnection::MariadbConnection(const ServerAddress& address, QueryKiller& killer)
    : soci_(soci::mysql, address.connect_string),
      handle_(handle_of(soci_)),
      killer_(killer),
      is_mariadb_(std::strstr(mysql_get_server_info(handle_), "MariaDB") != nullptr),
      statement_timeout_(address.statement_timeout) {
  own_socket(mysql_get_socket(handle_));
  if (address.must_be_encrypted && mysql_get_ssl_cipher(handle_) == nullptr) {
    throw DatabaseFailure({Failure::Unreachable},
                          "The server offers no TLS, which the URI asks for");
  }
  watch_for_loss();
}

void MariadbConnection::set_up() {
  try {
    adjust(read_variables());
  } catch (...) {
    give_up();
    throw;
  }
  is_set_up_ = true;
}

// A host that is gone says nothing; without these the kernel would wait for it a quarter of an
// hour. On a socket of this machine there is nothing to set.
void MariadbConnection::watch_for_loss() {
  const int socket = mysql_get_socket(handle_);
  const auto set = [socket](int level, int option, int value) {
    ::setsockopt(socket, level, option, &value, sizeof value);
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveSeconds);
  set(IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveInterval);
  set(IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveCount);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, kUnansweredMilliseconds);
}

// Those that this kind of server has.
MariadbConnection::Variables MariadbConnection::read_variables() {
  Variables variables;
  run("SHOW VARIABLES WHERE Variable_name IN ('wsrep_on', 'max_allowed_packet',"
      " 'pseudo_thread_id', 'tx_read_only', 'transaction_read_only', 'max_statement_time',"
      " 'max_execution_time')",
      {}, std::array{Session::ColumnType::Text, Session::ColumnType::Text},
      [&](std::span<const Session::Cell> cells) {
        variables.emplace(cells[0].text, cells[1].text);
      });
  run(std::string("SELECT ") + QueryKiller::kServerName, {}, std::array{Session::ColumnType::Text},
      [&](std::span<const Session::Cell> cells) { variables.emplace("name", cells[0].text); });
  return variables;
}

// On a node of a Galera cluster a transaction waits for what other nodes have committed before it,
// so that a client may go from one replica to another between two requests. A transaction waits at
// its first statement, if that is of a kind that the setting names: 1 for SELECT, 2 and 4 for what
// changes rows.
void MariadbConnection::adjust(const Variables& variables) {
  const auto has = [&](const char* name) { return variables.contains(name); };
  const auto is_on = [&](const char* name) { return has(name) && variables.at(name) == "ON"; };
  on_cluster_ = is_on("wsrep_on");
  is_read_only_ = is_on("tx_read_only") || is_on("transaction_read_only");
  if (has("max_allowed_packet")) longest_ = std::stoull(variables.at("max_allowed_packet"));
  // What gives connections numbers of its own is no server, and ends no statement for us.
  const unsigned long number = mysql_thread_id(handle_);
  if (has("pseudo_thread_id") && variables.at("pseudo_thread_id") == std::to_string(number)) {
    const std::lock_guard lock(target_mutex_);
    target_ = QueryKiller::Target{number, variables.at("name")};
  }
  std::string settings = kSettings;
  if (on_cluster_) settings += ", wsrep_sync_wait = 7";
  if (const auto limit = statement_timeout_.count(); limit > 0) {
    if (has("max_statement_time")) {
      settings += at_most("max_statement_time", std::to_string(limit) + " / 1000");
    } else if (has("max_execution_time")) {
      settings += at_most("max_execution_time", std::to_string(limit));
    }
  }
  send(settings);
}

void MariadbConnection::begin(Transaction kind) {
  if (!is_set_up_) set_up();
  if (is_set_for_ != kind) {
    is_set_for_.reset();
    send(kind == Transaction::Read ? kReading : is_read_only_ ? kWritingNothing : kWriting);
    is_set_for_ = kind;
  }
  kind_ = kind;
}

long long MariadbConnection::run(std::string_view sql, const Values& values,
                                 std::span<const Session::ColumnType> types,
                                 const Session::RowSink& sink) {
  send(text_of(sql, values));
  if (mysql_field_count(handle_) == 0) {
    check_columns(0, types.size());
    return static_cast<long long>(mysql_affected_rows(handle_));
  }
  Result result(mysql_use_result(handle_));
  if (result == nullptr) fail();
  try {
    if (!types.empty()) hand_out(result, types, sink);
  } catch (const DatabaseFailure&) {
    throw;
  } catch (...) {
    read_to_end(result);
    throw;
  }
  while (mysql_fetch_row(result.get()) != nullptr) {
  }
  if (mysql_errno(handle_) != 0) fail();
  return 0;
}

// MariaDB takes several statements as one, which ends at the first failure.
void MariadbConnection::commit(const std::vector<std::string>& last) {
  if (kind_ == Transaction::Read) {
    send_without_waiting("COMMIT");
  } else if (is_mariadb_ && !last.empty()) {
    std::string block = "BEGIN NOT ATOMIC ";
    for (const std::string& statement : last) block += statement + "; ";
    send(block + "COMMIT; END");
  } else {
    for (const std::string& statement : last) send(statement);
    send("COMMIT");
  }
}

// To undo what was written may take as long as to write it.
void MariadbConnection::rollback() {
  if (kind_ == Transaction::Read) {
    send_without_waiting("ROLLBACK");
  } else {
    send("ROLLBACK");
  }
}

void MariadbConnection::end_on_server() noexcept {
  const std::lock_guard lock(target_mutex_);
  if (target_) killer_.kill(*target_);
}

std::string MariadbConnection::text_of(std::string_view sql, const Values& values) {
  std::string text = mysql_text(*handle_, sql, values);
  // The server hangs up on a longer one.
  if (text.size() >= longest_) {
    throw DatabaseFailure({Failure::Refused, "a value is too long."}, "more than a packet");
  }
  return text;
}

void MariadbConnection::send(const std::string& sql) {
  read_outstanding();
  if (mysql_real_query(handle_, sql.data(), sql.size()) != 0) fail();
}

void MariadbConnection::send_without_waiting(const std::string& sql) {
  read_outstanding();
  if (mysql_send_query(handle_, sql.data(), sql.size()) != 0) fail();
  is_outstanding_ = true;
}

// What else than a loss may have befallen the end of a transaction that wrote nothing does not
// matter.
void MariadbConnection::read_outstanding() {
  if (!is_outstanding_) return;
  is_outstanding_ = false;
  if (mysql_read_query_result(handle_) == 0) return;
  if (mysql_failure(mysql_errno(handle_), on_cluster_).kind == Failure::Lost) fail();
}

void MariadbConnection::hand_out(Result& result, std::span<const Session::ColumnType> types,
                                 const Session::RowSink& sink) {
  check_columns(mysql_num_fields(result.get()), types.size());
  cells_.resize(types.size());
  while (MYSQL_ROW row = mysql_fetch_row(result.get())) {
    const unsigned long* sizes = mysql_fetch_lengths(result.get());
    for (std::size_t i = 0; i < types.size(); ++i) set_cell(cells_[i], types[i], row[i], sizes[i]);
    sink(cells_);
  }
  if (mysql_errno(handle_) != 0) fail();
}

// The connection is of use again only after the last row. When that is far, another one comes
// cheaper.
void MariadbConnection::read_to_end(Result& result) {
  std::size_t unwanted = 0;
  const unsigned columns = mysql_num_fields(result.get());
  while (mysql_fetch_row(result.get()) != nullptr) {
    const unsigned long* sizes = mysql_fetch_lengths(result.get());
    for (unsigned i = 0; i < columns; ++i) unwanted += sizes[i] + 1;
    if (unwanted <= kMostUnwanted) continue;
    give_up();
    end_on_server();
    return;
  }
  if (mysql_errno(handle_) != 0) give_up();
}

void MariadbConnection::fail() {
  Failure failure = mysql_failure(mysql_errno(handle_), on_cluster_);
  if (failure.kind == Failure::Lost) give_up();
  throw DatabaseFailure(std::move(failure), mysql_error(handle_));
}

}  // namespace millrace
