#include "store/db/postgresql/administration.h"

#include <array>
#include <charconv>
#include <cstdlib>
#include <set>
#include <string_view>

#include "store/db/schema_lock.h"

namespace millrace {
namespace {

[[noreturn]] void throw_answered(ErrorCode code, std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  throw Error(code, "The database answered: " + text);
}

[[noreturn]] void throw_invalid(const char* message) {
  throw_answered(ErrorCode::InvalidState, message);
}

// duplicate_table, duplicate_column, duplicate_object, duplicate_database; unique_violation, where
// a row is inserted or, as the catalog says, another process creates the same; of a DROP
// undefined_table, undefined_column, undefined_object
bool is_done(const std::string& sql, std::string_view state) {
  static const std::set<std::string_view> there{"42P07", "42701", "42710", "42P04"};
  static const std::set<std::string_view> gone{"42P01", "42703", "42704"};
  const bool drops = sql.starts_with("DROP ") || sql.find(" DROP ") != std::string::npos;
  const bool makes_keys = sql.starts_with("CREATE UNIQUE") || sql.starts_with("ALTER ");
  if (state == "23505") return !makes_keys;
  return there.contains(state) || (drops && gone.contains(state));
}

ErrorCode administration_code(std::string_view state) {
  // lock_not_available, deadlock_detected, serialization_failure
  if (state == "55P03" || state == "40P01" || state == "40001") {
    return ErrorCode::TemporarilyUnavailable;
  }
  return state == "53100" ? ErrorCode::InsufficientStorage : ErrorCode::InvalidState;
}

std::string text_of(const Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  std::array<char, 32> digits{};
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), std::get<double>(value));
  return {digits.data(), end.ptr};
}

// $1, $2, ... for each ? outside of quotes.
std::string with_numbered_places(const std::string& sql) {
  std::string result;
  char quote = 0;
  for (int place = 0; const char c : sql) {
    if (c == '?' && quote == 0) {
      result += "$" + std::to_string(++place);
      continue;
    }
    if (c == quote) {
      quote = 0;
    } else if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    }
    result += c;
  }
  return result;
}

}  // namespace

PostgresqlAdministration::PostgresqlAdministration(const std::string& connect_string)
    : connect_string_(connect_string), connection_(connect()) {}

PostgresqlAdministration::Handle PostgresqlAdministration::connect() const {
  Handle connection(PQconnectdb(connect_string_.c_str()));
  if (PQstatus(connection.get()) != CONNECTION_OK) throw_invalid(PQerrorMessage(connection.get()));
  return connection;
}

PostgresqlAdministration::Result PostgresqlAdministration::run(const std::string& sql,
                                                               const Values& values) {
  if (values.empty()) return Result(PQexec(connection_.get(), sql.c_str()));
  std::vector<std::string> texts;
  for (const Value& value : values) {
    texts.push_back(std::holds_alternative<std::monostate>(value) ? "" : text_of(value));
  }
  std::vector<const char*> places;
  for (std::size_t i = 0; i < values.size(); ++i) {
    places.push_back(std::holds_alternative<std::monostate>(values[i]) ? nullptr
                                                                       : texts[i].c_str());
  }
  return Result(PQexecParams(connection_.get(), with_numbered_places(sql).c_str(),
                             static_cast<int>(values.size()), nullptr, places.data(), nullptr,
                             nullptr, 0));
}

void PostgresqlAdministration::fail(const Result& result) {
  const char* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
  throw_answered(administration_code(state == nullptr ? "" : state),
                 PQerrorMessage(connection_.get()));
}

std::vector<Administration::Row> PostgresqlAdministration::query(const std::string& sql,
                                                                 const Values& values) {
  const Result result = run(sql, values);
  if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) fail(result);
  std::vector<Row> rows;
  for (int row = 0; row < PQntuples(result.get()); ++row) {
    rows.emplace_back();
    for (int column = 0; column < PQnfields(result.get()); ++column) {
      const bool null = PQgetisnull(result.get(), row, column) != 0;
      const char* value = PQgetvalue(result.get(), row, column);
      rows.back().push_back(null ? std::nullopt : std::optional<std::string>(value));
    }
  }
  return rows;
}

void PostgresqlAdministration::execute(const char* sql) {
  const Result result = run(sql);
  if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) fail(result);
}

long long PostgresqlAdministration::change(const std::string& sql, const Values& values) {
  const Result result = run(sql, values);
  if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) fail(result);
  return std::atoll(PQcmdTuples(result.get()));
}

// What is refused would end the transaction; here it may count as done.
void PostgresqlAdministration::define(const std::string& sql) {
  const bool guarded = PQtransactionStatus(connection_.get()) == PQTRANS_INTRANS;
  if (guarded) execute("SAVEPOINT definition");
  const Result result = run(sql);
  if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) {
    const char* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
    // A transaction is whole or nothing: in it no row is inserted a second time.
    const bool refused = state == nullptr || (guarded && state == std::string_view("23505"));
    if (refused || !is_done(sql, state)) fail(result);
    if (guarded) execute("ROLLBACK TO SAVEPOINT definition");
  }
  if (guarded) execute("RELEASE SAVEPOINT definition");
}

void PostgresqlAdministration::begin(ForeignKeys) {
  execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
  execute(
      "SET LOCAL lock_timeout = '60s'");  // who comes later waits behind a definition that waits
}

// Of a transaction in which something was refused it makes a ROLLBACK, and says no more than that.
void PostgresqlAdministration::commit() {
  const Result result = run("COMMIT");
  if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) fail(result);
  if (PQcmdStatus(result.get()) != std::string_view("COMMIT")) {
    throw_invalid("the transaction was undone, since a statement of it was refused");
  }
}

void PostgresqlAdministration::roll_back() noexcept {
  if (PQtransactionStatus(connection_.get()) != PQTRANS_IDLE) run("ROLLBACK");
}

void PostgresqlAdministration::lock() {
  const std::string key = "(" + std::to_string(kPostgresqlSchemaLock) + ")";
  if (query("SELECT pg_backend_pid()").at(0).at(0) ==
      std::to_string(PQbackendPID(connection_.get()))) {
    query("SELECT pg_advisory_lock" + key);
    return;
  }
  // Behind a pooler every statement may have another session, so a transaction keeps the lock. It
  // does nothing else for as long.
  lock_keeper_ = connect();
  for (const std::string& sql :
       {std::string("BEGIN"), std::string("SET LOCAL idle_in_transaction_session_timeout = 0"),
        "SELECT pg_advisory_xact_lock" + key}) {
    const Result result(PQexec(lock_keeper_.get(), sql.c_str()));
    if (PQresultStatus(result.get()) == PGRES_FATAL_ERROR) {
      throw_invalid(PQerrorMessage(lock_keeper_.get()));
    }
  }
}

void PostgresqlAdministration::create_database(const std::string& name) {
  const std::unique_ptr<char, decltype(&PQfreemem)> quoted(
      PQescapeIdentifier(connection_.get(), name.data(), name.size()), &PQfreemem);
  if (quoted == nullptr) throw_invalid(PQerrorMessage(connection_.get()));
  define("CREATE DATABASE " + std::string(quoted.get()) + " ENCODING 'UTF8' TEMPLATE template0");
}

}  // namespace millrace
