// PostgreSQL by SOCI's back end over libpq.
#include "store/db/server/driver.h"

#include <soci/postgresql/soci-postgresql.h>

#include "store/db/postgresql/administration.h"

namespace millrace {
namespace {

constexpr const char* kSettings =
    "SET client_encoding = 'UTF8'; SET standard_conforming_strings = on;"
    " SET client_min_messages = error; SET lock_timeout = '10s';"
    " SET bytea_output = 'hex'; SET extra_float_digits = 1";

constexpr const char* kReading =
    "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
constexpr const char* kWriting =
    "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE";

// SOCI's back ends export no type information, which the sanitizer's check of a cast needs.
__attribute__((no_sanitize("vptr"))) const PGresult* result_of(Statement& statement) {
  return static_cast<soci::postgresql_statement_backend*>(statement.backend())
      ->result_.get_result();
}

__attribute__((no_sanitize("vptr"))) bool is_broken(soci::session& session) {
  auto* backend = static_cast<soci::postgresql_session_backend*>(session.get_backend());
  return PQstatus(backend->conn_) != CONNECTION_OK;
}

class PostgresqlDriver final : public ServerDriver {
 public:
  explicit PostgresqlDriver(const ServerAddress& address) : address_(address) {}

  Dialect dialect() const override { return Dialect::Postgresql; }
  std::unique_ptr<soci::session> connect(Transaction kind) override;
  std::unique_ptr<Administration> administration() const override;
  std::string_view begin() const override { return "BEGIN"; }
  bool failure_ends_transaction() const override { return true; }
  bool takes_nul() const override { return false; }
  void each_row(Statement& statement, std::span<const Session::ColumnType> types,
                std::span<Session::Cell> cells, const Session::RowSink& sink) override;
  Failure failure_of(soci::session& session, const soci::soci_error& error) const override;

 private:
  const ServerAddress address_;
};

std::unique_ptr<soci::session> PostgresqlDriver::connect(Transaction kind) {
  auto session = std::make_unique<soci::session>(soci::postgresql, address_.connect_string);
  *session << kSettings;
  *session << (kind == Transaction::Read ? kReading : kWriting);
  return session;
}

std::unique_ptr<Administration> PostgresqlDriver::administration() const {
  return std::make_unique<PostgresqlAdministration>(address_.connect_string);
}

void PostgresqlDriver::each_row(Statement& statement, std::span<const Session::ColumnType> types,
                                std::span<Session::Cell> cells, const Session::RowSink& sink) {
  const PGresult* result = result_of(statement);
  check_columns(static_cast<std::size_t>(PQnfields(result)), types.size());
  const int rows = PQntuples(result);
  for (int row = 0; row < rows; ++row) {
    for (std::size_t i = 0; i < types.size(); ++i) {
      const int column = static_cast<int>(i);
      const bool null = PQgetisnull(result, row, column) != 0;
      set_cell(cells[i], types[i], null ? nullptr : PQgetvalue(result, row, column),
               static_cast<std::size_t>(PQgetlength(result, row, column)));
    }
    sink(cells);
  }
}

// The codes: PostgreSQL's manual, appendix A.
Failure PostgresqlDriver::failure_of(soci::session& session, const soci::soci_error& error) const {
  if (is_broken(session)) return {Failure::Disconnected};
  const auto* postgresql_error = dynamic_cast<const soci::postgresql_soci_error*>(&error);
  if (postgresql_error == nullptr) return {Failure::Other, "SOCI"};
  const std::string state = postgresql_error->sqlstate();
  if (state == "23505") return {Failure::Duplicate};
  if (state == "40001" || state == "40P01" || state == "55P03") return {Failure::Conflict};
  // Shut down, starting up, or a standby that cannot be written to.
  if (state.starts_with("08") || state.starts_with("57P") || state == "25006") {
    return {Failure::Disconnected};
  }
  if (state == "23503") return {Failure::Referenced};
  if (state == "23502") return {Failure::Refused, "a required value is missing."};
  if (state == "22001") return {Failure::Refused, "a value is too long."};
  if (state == "22003") return {Failure::Refused, "a number is out of range."};
  if (state == "42883" || state == "42804") {
    return {Failure::Refused, "a value cannot be compared with that column."};
  }
  if (state == "22021") return {Failure::Refused, "a text holds a NUL, or is no UTF-8."};
  if (state.starts_with("22")) return {Failure::Refused, "a value has the wrong type."};
  if (state.starts_with("23")) return {Failure::Refused, "a value breaks a rule of its table."};
  if (state.starts_with("54")) {
    return {Failure::Refused, "it is too large or too complex."};
  }
  return {Failure::Other, state};
}

}  // namespace
}  // namespace millrace

extern "C" std::unique_ptr<millrace::ServerDriver> millrace_open_server_driver(
    const millrace::ServerAddress& address) {
  return std::make_unique<millrace::PostgresqlDriver>(address);
}
