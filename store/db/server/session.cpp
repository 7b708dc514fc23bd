#include "store/db/server/session.h"

#include <spdlog/spdlog.h>

#include <exception>

namespace millrace {
namespace {

std::unique_ptr<Connection> connect(ServerDriver& driver) try {
  return driver.connect();
} catch (const DatabaseFailure& failure) {
  std::throw_with_nested(Interrupted(
      Failure::Unreachable, "The database cannot be reached: " + std::string(failure.what())));
}

void refuse_nul(const Values& values) {
  for (const Value& value : values) {
    const auto* text = std::get_if<std::string>(&value);
    if (text != nullptr && text->find('\0') != std::string::npos) {
      throw Error(ErrorCode::BadRequest,
                  "The database refused the request: a text holds the character NUL.");
    }
  }
}

// "CREATE for schema public.": the command of the statement, and of what the server says the part
// that names no user and no host.
std::string denied_right(const DatabaseFailure& failure, std::string_view sql) {
  std::string right(sql.substr(0, sql.find_first_of(" \n")));
  if (right.empty()) right = "do that";
  const std::string_view words = failure.what();
  for (const char* begin : {" for table ", " for column ", " for schema ", " for sequence ",
                            " for database ", " to database ", " of table "}) {
    const std::size_t at = words.find(begin);
    if (at != std::string_view::npos) return right.append(words.substr(at)) + ".";
  }
  return right + ".";
}

}  // namespace

ServerSession::ServerSession(ServerDriver& driver)
    : takes_nul_(driver.takes_nul()), connection_(connect(driver)) {}

// One statement at a time, and no more once it is cancelled.
template <class Use>
auto ServerSession::use(const Use& use_connection, std::string_view sql) {
  if (in_rows_) {
    throw Error(ErrorCode::InternalError, "A statement began inside the rows of another.");
  }
  check_cancelled();
  struct InRows {
    explicit InRows(bool& flag) : flag_(flag) { flag_ = true; }
    ~InRows() { flag_ = false; }
    InRows(const InRows&) = delete;
    InRows& operator=(const InRows&) = delete;
    bool& flag_;
  } const mark(in_rows_);
  try {
    return use_connection(*connection_);
  } catch (const DatabaseFailure& failure) {
    throw_translated(failure, sql);
  }
}

void ServerSession::begin(Transaction kind) {
  forget_delivery();
  use([kind](Connection& connection) { connection.begin(kind); });
}

void ServerSession::commit(const std::vector<std::string>& last) {
  use([&last](Connection& connection) { connection.commit(last); });
}

void ServerSession::rollback() noexcept {
  if (!is_usable()) return;
  try {
    use([](Connection& connection) { connection.rollback(); });
  } catch (const std::exception&) {
    was_cancelled_ = true;  // who knows what is left on it
  }
}

void ServerSession::cancel(Ending ending) {
  int expected = kGoesOn;
  if (ending_.compare_exchange_strong(expected, static_cast<int>(ending))) connection_->cut_off();
}

void ServerSession::resume() {
  if (ending_.exchange(kGoesOn) != kGoesOn) was_cancelled_ = true;
}

void ServerSession::check_cancelled() const {
  const int ending = ending_.load();
  if (ending != kGoesOn) throw Cancelled(static_cast<Ending>(ending));
}

long long ServerSession::run(std::string_view sql, const Values& values,
                             std::span<const ColumnType> types, const RowSink& sink) {
  if (!takes_nul_) refuse_nul(values);
  return use([&](Connection& connection) { return connection.run(sql, values, types, sink); }, sql);
}

long long ServerSession::run_guarded(std::string_view sql, const Values& values) {
  if (!takes_nul_) refuse_nul(values);
  return use([&](Connection& connection) { return connection.run_guarded(sql, values); }, sql);
}

void ServerSession::throw_translated(const DatabaseFailure& failure, std::string_view sql) const {
  check_cancelled();  // then it is no wonder
  const auto& [kind, reason] = failure.failure();
  switch (kind) {
    case Failure::Duplicate:
      throw UniqueViolation();
    case Failure::Referenced:
      throw ForeignKeyViolation();
    case Failure::Refused:
      throw Error(ErrorCode::BadRequest, "The database refused the request: " + reason);
    case Failure::Unstorable:
      throw Unstorable();
    case Failure::Conflict:
      throw Interrupted(kind, "The database is busy; try again.");
    case Failure::Unreachable:
    case Failure::Lost:
      throw Interrupted(kind, "The connection to the database was lost; try again.");
    case Failure::ReadOnly:
      throw Interrupted(kind, "The database is read-only.");
    case Failure::Late:
      throw Cancelled(Ending::Overlong);
    case Failure::Killed:
      throw Error(ErrorCode::TemporarilyUnavailable,
                  "An administrator of the database ended this request; try again.");
    case Failure::Full:
      throw Error(ErrorCode::InsufficientStorage, "The database has no room left.");
    case Failure::Exhausted:
      throw Error(ErrorCode::TemporarilyUnavailable,
                  "The database has not enough memory at the moment; try again.");
    case Failure::Denied:
      spdlog::error("database error: {}", failure.what());
      throw Error(ErrorCode::InternalError,
                  "The user of the database lacks the right to " + denied_right(failure, sql));
    case Failure::Other:
      break;
  }
  spdlog::error("database error {}: {}", reason, failure.what());
  throw Error(ErrorCode::InternalError, "The database failed with code " + reason + ".");
}

}  // namespace millrace
