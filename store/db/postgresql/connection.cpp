#include "store/db/postgresql/connection.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "store/db/postgresql/failure.h"
#include "store/db/postgresql/values.h"

namespace millrace {
namespace {

// Writing transactions do not say READ WRITE: an administrator's default_transaction_read_only
// holds.
constexpr const char* kBeginReading = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
constexpr const char* kBeginWriting = "BEGIN ISOLATION LEVEL READ COMMITTED";

constexpr std::int64_t kLockTimeoutMs = 10'000;

constexpr std::string_view kCachedPlan = "0A000";  // of a table that has been changed
constexpr std::string_view kUnknownStatement = "26000";
constexpr std::string_view kDuplicateStatement = "42P05";

std::string_view state_of(const PGresult& result) {
  const char* state = PQresultErrorField(&result, PG_DIAG_SQLSTATE);
  return state == nullptr ? "" : state;
}

// Without the lines in which the server shows the statement and its values.
DatabaseFailure failure_of(const PGresult& result) {
  const char* words = PQresultErrorField(&result, PG_DIAG_MESSAGE_PRIMARY);
  if (words == nullptr) words = PQresultErrorMessage(&result);
  return {postgresql_failure(state_of(result), words), words};
}

}  // namespace

PostgresqlConnection::PostgresqlConnection(const ServerAddress& address)
    : opened_(PQconnectdb(address.connect_string.c_str())),
      handle_(opened_.get()),
      statement_timeout_(address.statement_timeout) {
  if (PQstatus(handle_) != CONNECTION_OK) {
    throw DatabaseFailure({Failure::Unreachable}, PQerrorMessage(handle_));
  }
  own_socket(PQsocket(handle_));
  PQsetNoticeProcessor(
      handle_, [](void*, const char*) {}, nullptr);
}

void PostgresqlConnection::set_up() {
  try {
    adjust();
    if (PQenterPipelineMode(handle_) == 0) lose();
  } catch (...) {
    give_up();
    throw;
  }
  is_set_up_ = true;
}

// Whoever answers gave a number of its server process. One that is another's than the one that runs
// the statement means a pooler. Limits are not above what an administrator has set.
void PostgresqlConnection::adjust() {
  const Result found =
      ask("SELECT pg_backend_pid(),"
          " (SELECT setting FROM pg_settings WHERE name = 'lock_timeout'),"
          " (SELECT setting FROM pg_settings WHERE name = 'statement_timeout')");
  is_pooled_ = std::to_string(PQbackendPID(handle_)) != PQgetvalue(found.get(), 0, 0);
  const auto at_most = [&found](int column, std::int64_t limit) {
    const std::int64_t set = std::atoll(PQgetvalue(found.get(), 0, column));
    return std::to_string(set == 0 ? limit : std::min(set, limit));
  };
  std::string settings =
      "set_config('standard_conforming_strings', 'on', {0}),"
      " set_config('bytea_output', 'hex', {0}), set_config('extra_float_digits', '1', {0}),"
      " set_config('lock_timeout', '" +
      at_most(1, kLockTimeoutMs) + "', {0})";
  if (statement_timeout_.count() > 0) {
    settings +=
        ", set_config('statement_timeout', '" + at_most(2, statement_timeout_.count()) + "', {0})";
  }
  const auto for_scope = [](std::string text, const char* is_local) {
    for (std::size_t at; (at = text.find("{0}")) != std::string::npos;)
      text.replace(at, 3, is_local);
    return "SELECT " + text;
  };
  const std::string notices_client = "set_config('client_connection_check_interval', '2s', {0})";
  if (try_out(for_scope(notices_client, "true"))) settings += ", " + notices_client;
  local_settings_ = for_scope(settings, "true");
  ask(is_pooled_ ? local_settings_ : for_scope(settings, "false"));
}

// Not every server has every setting.
bool PostgresqlConnection::try_out(const std::string& sql) {
  const Result result(PQexec(handle_, sql.c_str()));
  return PQresultStatus(result.get()) == PGRES_TUPLES_OK;
}

PostgresqlConnection::Result PostgresqlConnection::ask(const std::string& sql) {
  Result result(PQexec(handle_, sql.c_str()));
  if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) {
    throw DatabaseFailure({Failure::Unreachable}, PQerrorMessage(handle_));
  }
  return result;
}

void PostgresqlConnection::begin(Transaction kind) {
  if (!is_set_up_) set_up();
  kind_ = kind;
  has_begun_ = false;
  ahead_.assign({kind == Transaction::Read ? kBeginReading : kBeginWriting});
  if (is_pooled_) ahead_.push_back(local_settings_.c_str());
}

long long PostgresqlConnection::run(std::string_view sql, const Values& values,
                                    std::span<const Session::ColumnType> types,
                                    const Session::RowSink& sink) {
  const PostgresqlValues parameters(sql, values);
  read_outstanding();
  if (!has_begun_) deallocate_dropped();
  send_ahead();
  const bool was_prepared = send_statement(sql, parameters);
  send_end();
  has_begun_ = true;

  read_outstanding();
  Answer answer;
  for (std::size_t i = 1; i < sent_; ++i) read_plain(answer);
  if (!new_name_.empty() && !answer.failure) prepared_.add(sql, std::move(new_name_));
  new_name_.clear();
  read_rows(answer, {types, sink});
  read_end();
  if (answer.thrown) std::rethrow_exception(answer.thrown);
  if (answer.failure && was_prepared) forget_prepared(*answer.failure, sql);
  if (answer.failure) throw DatabaseFailure(*answer.failure);
  return answer.changed;
}

// What ends the savepoint goes with the next statement.
long long PostgresqlConnection::run_guarded(std::string_view sql, const Values& values) {
  ahead_.push_back("SAVEPOINT guarded");
  try {
    const long long changed = run(sql, values, {}, {});
    ahead_.push_back("RELEASE SAVEPOINT guarded");
    return changed;
  } catch (const DatabaseFailure& failure) {
    if (failure.failure().kind == Failure::Duplicate) {
      ahead_.push_back("ROLLBACK TO SAVEPOINT guarded");
    }
    throw;
  }
}

void PostgresqlConnection::commit(const std::vector<std::string>& last) {
  for (const std::string& statement : last) ahead_.push_back(statement.c_str());
  if (has_begun_) end("COMMIT");
  ahead_.clear();
}

void PostgresqlConnection::rollback() {
  ahead_.clear();
  if (has_begun_) end("ROLLBACK");
}

// Whether what was read is still there when the server is done with it does not matter, nor how it
// undoes.
void PostgresqlConnection::end(const char* sql) {
  read_outstanding();
  send_ahead();
  send_plain(sql);
  send_end();
  if (kind_ == Transaction::Read || *sql == 'R') {
    has_begun_ = false;
    outstanding_ = sent_;
    return;
  }
  Answer answer;
  for (std::size_t i = 0; i < sent_; ++i) read_plain(answer);
  read_end();
  has_begun_ = PQtransactionStatus(handle_) != PQTRANS_IDLE;  // what went with it may have failed
  if (answer.failure) throw DatabaseFailure(*answer.failure);
  if (answer.was_undone) {
    throw Error(ErrorCode::InternalError, "A failed statement had undone what was to be saved.");
  }
}

void PostgresqlConnection::read_outstanding() {
  if (outstanding_ == 0) return;
  Answer ignored;
  for (; outstanding_ > 0; --outstanding_) read_plain(ignored);
  read_end();
  const PGTransactionStatusType state = PQtransactionStatus(handle_);
  if (state == PQTRANS_INTRANS || state == PQTRANS_INERROR) lose();  // it was no end
}

// A round of its own: it would begin the transaction that follows.
void PostgresqlConnection::deallocate_dropped() {
  const std::vector<std::string> names = prepared_.take_dropped();
  if (names.empty()) return;
  sent_ = 0;
  for (const std::string& name : names) send_plain(("DEALLOCATE " + name).c_str());
  send_end();
  outstanding_ = sent_;
}

void PostgresqlConnection::send_ahead() {
  sent_ = 0;
  for (const char* sql : std::exchange(ahead_, {})) send_plain(sql);
}

void PostgresqlConnection::send_plain(const char* sql) {
  if (PQsendQueryParams(handle_, sql, 0, nullptr, nullptr, nullptr, nullptr, 0) == 0) lose();
  ++sent_;
}

// Returns whether it was prepared before.
bool PostgresqlConnection::send_statement(std::string_view sql, const PostgresqlValues& values) {
  const bool keep = !is_pooled_ && PreparedStatements::keeps(sql);
  const char* name = keep ? prepared_.find(sql) : nullptr;
  if (keep && name == nullptr) {
    new_name_ = prepared_.new_name();
    name = new_name_.c_str();
    if (PQsendPrepare(handle_, name, values.sql().c_str(), 0, nullptr) == 0) lose();
    ++sent_;
  }
  const int sent =
      name != nullptr
          ? PQsendQueryPrepared(handle_, name, values.size(), values.texts(), nullptr, nullptr, 0)
          : PQsendQueryParams(handle_, values.sql().c_str(), values.size(), nullptr, values.texts(),
                              nullptr, nullptr, 0);
  if (sent == 0) lose();
  ++sent_;
  return name != nullptr && new_name_.empty();
}

void PostgresqlConnection::send_end() {
  if (PQpipelineSync(handle_) == 0) lose();
}

PostgresqlConnection::Result PostgresqlConnection::next_result() {
  Result result(PQgetResult(handle_));
  if (PQstatus(handle_) == CONNECTION_BAD) lose();
  return result;
}

// The results of a command up to the one that ends them.
void PostgresqlConnection::read_plain(Answer& answer) {
  while (const Result result = next_result()) note(*result, answer);
}

void PostgresqlConnection::read_rows(Answer& answer, const Sink& sink) {
  if (!sink.types.empty()) PQsetSingleRowMode(handle_);
  while (const Result result = next_result()) {
    switch (PQresultStatus(result.get())) {
      case PGRES_SINGLE_TUPLE:
      case PGRES_TUPLES_OK:
        hand_out(*result, answer, sink);
        break;
      default:
        note(*result, answer);
    }
  }
}

void PostgresqlConnection::read_end() {
  if (PQresultStatus(next_result().get()) != PGRES_PIPELINE_SYNC) lose();
}

// After an exception the rest is read and dropped; when that is much, another connection comes
// cheaper.
void PostgresqlConnection::hand_out(const PGresult& result, Answer& answer, const Sink& sink) {
  if (sink.types.empty()) return;
  const int rows = PQntuples(&result);
  if (answer.thrown) {
    for (int i = 0; rows > 0 && i < PQnfields(&result); ++i) {
      answer.unwanted += static_cast<std::size_t>(PQgetlength(&result, 0, i)) + 1;
    }
    if (answer.unwanted <= kMostUnwanted) return;
    give_up();
    std::rethrow_exception(answer.thrown);
  }
  try {
    check_columns(static_cast<std::size_t>(PQnfields(&result)), sink.types.size());
    cells_.resize(sink.types.size());
    for (int row = 0; row < rows; ++row) {
      for (std::size_t i = 0; i < sink.types.size(); ++i) {
        const int column = static_cast<int>(i);
        const bool null = PQgetisnull(&result, row, column) != 0;
        set_cell(cells_[i], sink.types[i], null ? nullptr : PQgetvalue(&result, row, column),
                 static_cast<std::size_t>(PQgetlength(&result, row, column)));
      }
      sink.rows(cells_);
    }
  } catch (...) {
    answer.thrown = std::current_exception();
  }
}

void PostgresqlConnection::note(const PGresult& result, Answer& answer) {
  switch (PQresultStatus(&result)) {
    case PGRES_COMMAND_OK: {
      const std::string_view changed = PQcmdTuples(const_cast<PGresult*>(&result));
      answer.changed = changed.empty() ? 0 : std::stoll(std::string(changed));
      answer.was_undone =
          std::string_view(PQcmdStatus(const_cast<PGresult*>(&result))) == "ROLLBACK";
      break;
    }
    case PGRES_TUPLES_OK:
    case PGRES_PIPELINE_ABORTED:  // by the failure before it
      break;
    default:
      if (!answer.failure) answer.failure.emplace(failure_of(result));
      if (answer.failure->failure().kind == Failure::Lost) {
        give_up();
        throw DatabaseFailure(*answer.failure);
      }
  }
}

void PostgresqlConnection::lose() {
  give_up();
  throw DatabaseFailure({Failure::Lost}, PQerrorMessage(handle_));
}

// A table that has been changed since, or a pooler that was not noticed: another attempt prepares
// the statement anew, or none at all.
void PostgresqlConnection::forget_prepared(const DatabaseFailure& failure, std::string_view sql) {
  const std::string& state = failure.failure().reason;
  if (state == kUnknownStatement || state == kDuplicateStatement) {
    is_pooled_ = true;
  } else if (state != kCachedPlan) {
    return;
  }
  prepared_.drop(sql);
  throw DatabaseFailure({Failure::Conflict}, failure.what());
}

}  // namespace millrace
