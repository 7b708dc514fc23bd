#include "store/db/server/backend.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <random>
#include <thread>

namespace millrace {
namespace {

// How often a body is run that has an unexpected violation of a key: what is its own fault fails
// each time, what another transaction did mostly once.
constexpr int kKeyAttempts = 5;
// How long a token is looked for.
constexpr std::chrono::seconds kLook{3};
// How many connections in a row a body may lose that were made for it.
constexpr int kFreshLosses = 4;

// Of random length, so that two that met do not meet again.
void pause(int attempt) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const int most = std::min(1 << std::min(attempt, 8), 250);
  std::this_thread::sleep_for(
      std::chrono::milliseconds(std::uniform_int_distribution<int>(0, most)(random)));
}

// A quarter of the places is kept for small work.
std::size_t places_for_large(std::size_t places) {
  return places - std::min(places, std::max<std::size_t>(1, places / 4));
}

// Asked at the start only: while a server runs, a password may be about to change on both sides.
bool is_denied(const ServerDriver& driver, const Interrupted& interrupted) {
  try {
    std::rethrow_if_nested(interrupted);
  } catch (const DatabaseFailure& failure) {
    return driver.is_denied(failure);
  }
  return false;
}

// What clients repeat by themselves are 5xx.
[[noreturn]] void throw_unknown_outcome() {
  throw Error(ErrorCode::BadRequest,
              "The connection to the database was lost while the change was being saved. "
              "Whether it is saved is not known: look before you repeat it.");
}

}  // namespace

ServerBackend::ServerBackend(const DatabaseUri& uri, const PoolOptions& options)
    : uri_(uri),
      options_(options),
      driver_(open_server_driver(uri)),
      pool_(std::make_unique<SessionPool>(driver_, options, watch_)),
      line_(watch_, SessionPool::places(options), places_for_large(SessionPool::places(options)),
            SessionPool::places(options) / 8) {
  try {
    pool_->give_back(pool_->take(Transaction::Read, true, WorkOrder{}));
  } catch (const Interrupted& failure) {
    if (is_denied(*driver_, failure)) throw Error(ErrorCode::InvalidState, failure.message());
    throw;
  }
}

void ServerBackend::serve_requests(std::chrono::milliseconds statement_timeout) {
  pool_.reset();
  driver_ = open_server_driver(uri_, statement_timeout);
  pool_ = std::make_unique<SessionPool>(driver_, options_, watch_);
  write([](Session& session) { sweep_outcomes(session); }, WorkOrder{});
  leaves_tokens_ = true;
}

void ServerBackend::try_write(const Db::ErasedBody& body, std::chrono::milliseconds patience) {
  const WorkOrder order{.deadline = Clock::now() + patience};
  run(Transaction::Write, body, order, patience);
}

void ServerBackend::run(Transaction kind, const Db::ErasedBody& body, const WorkOrder& order,
                        Patience patience) {
  const WaitingLine::Place place =
      kind == Transaction::Read ? line_.enter_to_read(order) : line_.enter_to_write(order);
  Course course;
  for (int attempt = 0;; ++attempt) {
    if (const auto ending = watch_.ending(order)) throw Cancelled(*ending);
    try {
      return try_once(kind, body, order, course);
    } catch (const Interrupted& interrupted) {
      decide(interrupted, order, course, patience);
    } catch (const KeyViolation&) {
      if (kind == Transaction::Read || attempt + 1 >= kKeyAttempts) throw;
    }
    pause(attempt);
  }
}

void ServerBackend::try_once(Transaction kind, const Db::ErasedBody& body, const WorkOrder& order,
                             Course& course) {
  const Clock::time_point taken = Clock::now();
  SessionPool::Held session = pool_->take(kind, course.wants_fresh, order);
  std::optional<OutcomeToken> token;
  bool committing = false;
  try {
    const Watch::Watched watched(watch_, order, *session);
    session->begin(kind);
    body(*session);
    session->check_cancelled();
    committing = kind == Transaction::Write;
    if (committing && leaves_tokens_) token = writers_.take();
    session->commit(token ? token->statements() : std::vector<std::string>());
  } catch (const std::exception& error) {
    const bool has_delivered = session->has_delivered();
    const bool was_usable = session->is_usable();
    const bool was_fresh = session->opened() >= taken;
    const auto* interrupted = dynamic_cast<const Interrupted*>(&error);
    // One that has become a standby's, or was never anything else, is of no use for writing.
    if (interrupted != nullptr && interrupted->kind() == Failure::ReadOnly) {
      session.reset();
    } else {
      roll_back(*session, order);
    }
    pool_->give_back(std::move(session));
    if (interrupted != nullptr && interrupted->kind() == Failure::Lost) {
      note_loss(course, taken, was_fresh);
    }
    if (committing && !was_usable) {
      // Whose time is over waits for no look: the database has not even ended a COMMIT.
      const bool may_look = token && dynamic_cast<const Cancelled*>(&error) == nullptr;
      const std::optional<bool> saved = may_look ? look_for(*token) : std::nullopt;
      if (!saved) throw_unknown_outcome();
      writers_.give_back(*token);
      if (*saved) return;
    } else if (token) {
      writers_.give_back(*token);
    }
    if (interrupted != nullptr && interrupted->kind() == Failure::ReadOnly &&
        kind == Transaction::Read) {
      throw Error(ErrorCode::InternalError, "A read of the database tried to write.");
    }
    if (interrupted != nullptr && has_delivered) {
      throw Error(ErrorCode::TemporarilyUnavailable, interrupted->message());
    }
    throw;
  }
  if (token) writers_.give_back(*token);
  pool_->give_back(std::move(session));
}

std::optional<bool> ServerBackend::look_for(const OutcomeToken& token) {
  const WorkOrder order{.deadline = Clock::now() + kLook};
  for (int attempt = 0; Clock::now() < order.deadline; pause(attempt++)) {
    SessionPool::Held session;
    try {
      session = pool_->take(Transaction::Write, true, order);
      const Watch::Watched watched(watch_, order, *session);
      session->begin(Transaction::Write);
      const bool saved = was_saved(*session, token);
      session->commit();
      pool_->give_back(std::move(session));
      return saved;
    } catch (const Cancelled&) {
      if (session != nullptr) pool_->give_back(std::move(session));
      return std::nullopt;
    } catch (const std::exception& error) {
      spdlog::debug("looking for an outcome: {}", error.what());
      if (session == nullptr) continue;  // no connection
      roll_back(*session, order);
      pool_->give_back(std::move(session));
    }
  }
  return std::nullopt;
}

// The database may be as slow as it was, so this too is under watch.
void ServerBackend::roll_back(ServerSession& session, const WorkOrder& order) {
  if (!session.is_usable()) return;
  const Watch::Watched watched(watch_, order, session);
  session.rollback();
}

void ServerBackend::note_loss(Course& course, Clock::time_point taken, bool was_fresh) {
  if (!course.lost_since) course.lost_since = Clock::now();
  if (was_fresh) {
    ++course.lost_fresh;
  } else {
    pool_->drop_idle(taken);  // those that nobody has used since may be as dead as this one was
  }
  course.wants_fresh = true;
}

void ServerBackend::decide(const Interrupted& interrupted, const WorkOrder& order, Course& course,
                           Patience patience) {
  const Clock::time_point now = Clock::now();
  switch (interrupted.kind()) {
    case Failure::ReadOnly:  // perhaps of this server alone, and there is another one by now
      if (course.was_read_only) throw DatabaseReadOnly();
      course.was_read_only = course.wants_fresh = true;
      return;
    case Failure::Conflict:
      if (now - course.began < patience) return;
      throw Error(ErrorCode::TemporarilyUnavailable, "The database is busy; try again.");
    case Failure::Lost:
      if (course.lost_fresh >= kFreshLosses && can_connect(order)) {
        throw Error(ErrorCode::BadRequest,
                    "The database refused the request: it closes the connection on it each time.");
      }
      break;
    default:  // no connection was to be had: perhaps others give theirs back
      course.wants_fresh = false;
      if (!course.lost_since) course.lost_since = now;
  }
  if (now - *course.lost_since < std::min<Patience>(kReconnecting, patience)) return;
  // What is wrong with the connection names hosts: for the log, not for who asked.
  spdlog::error("giving up: {}", interrupted.what());
  throw Error(ErrorCode::TemporarilyUnavailable, "The database cannot be reached; try again.");
}

bool ServerBackend::can_connect(const WorkOrder& order) {
  try {
    pool_->give_back(pool_->take(Transaction::Read, true, order));
    return true;
  } catch (const Interrupted&) {
    return false;
  }
}

}  // namespace millrace
