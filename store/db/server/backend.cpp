#include "store/db/server/backend.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <random>
#include <thread>

namespace millrace {
namespace {

// How often a body is run that has an unexpected violation of a key: what is its own fault fails
// each time, what another transaction did mostly once.
constexpr int kKeyAttempts = 5;

// Of random length, so that two that met do not meet again.
void pause(int attempt) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const int most = std::min(1 << std::min(attempt, 8), 250);
  std::this_thread::sleep_for(
      std::chrono::milliseconds(std::uniform_int_distribution<int>(0, most)(random)));
}

}  // namespace

ServerBackend::ServerBackend(const DatabaseUri& uri, const PoolOptions& pool)
    : driver_(open_server_driver(uri)), pool_(pool) {
  give_back(take(Transaction::Read, kPatience));
}

void ServerBackend::run(Transaction kind, const Db::ErasedBody& body, Patience patience) {
  const Clock::time_point began = Clock::now();
  const Patience reconnecting = std::min<Patience>(kReconnecting, patience);
  for (int attempt = 0;; ++attempt) {
    try {
      try_once(kind, body, patience);
      return;
    } catch (const Interrupted& interrupted) {
      const bool lost = interrupted.kind() == Failure::Disconnected;
      if (lost) drop_idle();  // the others are as dead as this one was
      if (Clock::now() - began >= (lost ? reconnecting : patience)) {
        // What is wrong with the connection names hosts: for the log, not for who asked.
        spdlog::error("giving up: {}", interrupted.what());
        throw Error(ErrorCode::TemporarilyUnavailable,
                    lost ? "The database cannot be reached; try again."
                         : "The database is busy; try again.");
      }
    } catch (const KeyViolation&) {
      if (kind == Transaction::Read || attempt + 1 >= kKeyAttempts) throw;
    }
    pause(attempt);
  }
}

void ServerBackend::try_once(Transaction kind, const Db::ErasedBody& body, Patience patience) {
  Held session = take(kind, patience);
  bool committing = false;
  try {
    session->begin();
    body(*session);
    committing = true;
    session->commit();
  } catch (const std::exception& error) {
    const auto* interrupted = dynamic_cast<const Interrupted*>(&error);
    const bool lost = interrupted != nullptr && interrupted->kind() == Failure::Disconnected;
    if (lost || !session->rollback()) session.reset();
    give_back(std::move(session));
    if (lost && committing && kind == Transaction::Write) {
      throw Error(ErrorCode::InternalError,
                  "The connection to the database was lost while the change was being saved. "
                  "Whether it is saved is not known: look before you repeat it.");
    }
    throw;
  }
  give_back(std::move(session));
}

ServerBackend::Held ServerBackend::take(Transaction kind, Patience patience) {
  Held replaced;  // closed without the mutex
  {
    std::unique_lock lock(mutex_);
    const std::size_t most = std::max<std::size_t>(pool_.size + pool_.overflow, 1);
    if (!free_.wait_for(lock, patience, [&] { return !idle_.empty() || open_ < most; })) {
      throw Error(ErrorCode::TemporarilyUnavailable,
                  "All connections to the database are in use; try again.");
    }
    if (Held session = take_idle(kind)) {
      if (pool_.recycle.count() == 0 || Clock::now() - session->opened() < pool_.recycle) {
        return session;
      }
      replaced = std::move(session);
    } else if (open_ < most) {
      ++open_;
    } else {  // all that are free are of the other kind
      replaced = std::move(idle_.front());
      idle_.erase(idle_.begin());
    }
  }
  replaced.reset();
  try {
    return std::make_unique<ServerSession>(*driver_, kind);
  } catch (...) {
    give_back(nullptr);
    throw;
  }
}

ServerBackend::Held ServerBackend::take_idle(Transaction kind) {
  const auto found = std::find_if(idle_.rbegin(), idle_.rend(),
                                  [&](const Held& held) { return held->kind() == kind; });
  if (found == idle_.rend()) return nullptr;
  Held session = std::move(*found);
  idle_.erase(std::next(found).base());
  return session;
}

// A null session is one that was lost. Beyond the pool's size the one that was idle for longest is
// closed: those of a kind that is no longer asked for make room for the other.
void ServerBackend::give_back(Held session) {
  Held closed;  // without the mutex
  {
    const std::lock_guard lock(mutex_);
    const bool lost = session == nullptr;
    if (!lost) idle_.push_back(std::move(session));
    if (idle_.size() > pool_.size) {
      closed = std::move(idle_.front());
      idle_.erase(idle_.begin());
    }
    if (lost || closed) --open_;
  }
  free_.notify_one();
}

void ServerBackend::drop_idle() {
  std::vector<Held> dead;
  const std::lock_guard lock(mutex_);
  open_ -= idle_.size();
  dead.swap(idle_);
  free_.notify_all();
}

}  // namespace millrace
