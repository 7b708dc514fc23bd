#include "store/db/server/session.h"

#include <spdlog/spdlog.h>

namespace millrace {
namespace {

std::unique_ptr<soci::session> connect(ServerDriver& driver, Transaction kind) try {
  return driver.connect(kind);
} catch (const soci::soci_error& error) {
  throw Interrupted(Failure::Disconnected,
                    "The database cannot be reached: " + error.get_error_message());
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

}  // namespace

ServerSession::ServerSession(ServerDriver& driver, Transaction kind)
    : driver_(driver), kind_(kind), soci_(connect(driver, kind)), statements_(*soci_) {}

void ServerSession::begin() {
  if (!driver_.begin().empty()) execute(driver_.begin());
}

void ServerSession::commit() { execute("COMMIT"); }

bool ServerSession::rollback() noexcept {
  try {
    execute("ROLLBACK");
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

long long ServerSession::run(std::string_view sql, const Values& values,
                             std::span<const ColumnType> types, const RowSink& sink) try {
  if (!driver_.takes_nul()) refuse_nul(values);
  return statements_.run(sql, [&](Statement& statement) {
    statement.execute(values);
    if (types.empty()) return;
    cells_.resize(types.size());
    driver_.each_row(statement, types, cells_, sink);
  });
} catch (const soci::soci_error& error) {
  throw_translated(error);
}

long long ServerSession::run_guarded(std::string_view sql, const Values& values) {
  if (!driver_.failure_ends_transaction()) return run(sql, values, {}, {});
  execute("SAVEPOINT guarded");
  try {
    const long long changed = run(sql, values, {}, {});
    execute("RELEASE SAVEPOINT guarded");
    return changed;
  } catch (const UniqueViolation&) {
    execute("ROLLBACK TO SAVEPOINT guarded");
    throw;
  }
}

void ServerSession::throw_translated(const soci::soci_error& error) {
  const Failure failure = driver_.failure_of(*soci_, error);
  switch (failure.kind) {
    case Failure::Duplicate:
      throw UniqueViolation();
    case Failure::Referenced:
      throw ForeignKeyViolation();
    case Failure::Refused:
      throw Error(ErrorCode::BadRequest, "The database refused the request: " + failure.reason);
    case Failure::Conflict:
      throw Interrupted(failure.kind, "The database is busy; try again.");
    case Failure::Disconnected:
      throw Interrupted(failure.kind, "The connection to the database was lost; try again.");
    case Failure::Other:
      break;
  }
  spdlog::error("database error {}: {}", failure.reason, error.get_error_message());
  throw Error(ErrorCode::InternalError, "The database failed with code " + failure.reason + ".");
}

}  // namespace millrace
