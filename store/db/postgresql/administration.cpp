#include "store/db/postgresql/administration.h"

#include <set>
#include <string_view>

#include "store/db/schema_lock.h"

namespace millrace {
namespace {

[[noreturn]] void throw_invalid(const char* message) {
  std::string text = message;
  while (text.ends_with('\n')) text.pop_back();
  throw Error(ErrorCode::InvalidState, "The database answered: " + text);
}

// duplicate_table, duplicate_object, duplicate_database, unique_violation, and of a DROP
// undefined_table, undefined_object
bool is_done(std::string_view state) {
  static const std::set<std::string_view> states{"42P07", "42710", "42P04",
                                                 "23505", "42P01", "42704"};
  return states.contains(state);
}

}  // namespace

PostgresqlAdministration::PostgresqlAdministration(const std::string& connect_string)
    : connection_(PQconnectdb(connect_string.c_str())) {
  if (PQstatus(connection_.get()) != CONNECTION_OK)
    throw_invalid(PQerrorMessage(connection_.get()));
}

PostgresqlAdministration::Result PostgresqlAdministration::run(const std::string& sql) {
  return Result(PQexec(connection_.get(), sql.c_str()));
}

std::vector<Administration::Row> PostgresqlAdministration::query(const std::string& sql) {
  const Result result = run(sql);
  if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) {
    throw_invalid(PQerrorMessage(connection_.get()));
  }
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

void PostgresqlAdministration::define(const std::string& sql) {
  const Result result = run(sql);
  if (PQresultStatus(result.get()) == PGRES_COMMAND_OK) return;
  const char* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
  if (state == nullptr || !is_done(state)) throw_invalid(PQerrorMessage(connection_.get()));
}

void PostgresqlAdministration::lock() {
  query("SELECT pg_advisory_lock(" + std::to_string(kPostgresqlSchemaLock) + ")");
}

void PostgresqlAdministration::create_database(const std::string& name) {
  const std::unique_ptr<char, decltype(&PQfreemem)> quoted(
      PQescapeIdentifier(connection_.get(), name.data(), name.size()), &PQfreemem);
  if (quoted == nullptr) throw_invalid(PQerrorMessage(connection_.get()));
  define("CREATE DATABASE " + std::string(quoted.get()) + " ENCODING 'UTF8' TEMPLATE template0");
}

}  // namespace millrace
