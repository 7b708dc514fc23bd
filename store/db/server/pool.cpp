#include "store/db/server/pool.h"

#include <algorithm>
#include <utility>

namespace millrace {

SessionPool::SessionPool(std::shared_ptr<ServerDriver> driver, const PoolOptions& options,
                         const Watch& watch)
    : opener_(std::move(driver), watch), options_(options) {}

std::size_t SessionPool::places(const PoolOptions& options) {
  return std::max<std::size_t>(options.size + options.overflow, 1);
}

// Whatever is closed is closed without the mutex.
SessionPool::Held SessionPool::take(Transaction kind, bool fresh, const WorkOrder& order) {
  if (!fresh) {
    if (Held session = take_idle(kind)) return session;
  }
  try {
    return open(order);
  } catch (const Interrupted&) {
    Held session = fresh ? nullptr : take_idle(kind);
    if (session == nullptr) throw;
    return session;
  }
}

SessionPool::Held SessionPool::open(const WorkOrder& order) {
  Held replaced;
  {
    const std::lock_guard lock(mutex_);
    if (open_ >= places(options_) && !idle_.empty()) {
      replaced = std::move(idle_.front().session);
      idle_.erase(idle_.begin());
    } else {
      ++open_;
    }
  }
  replaced.reset();
  try {
    return opener_.open(order);
  } catch (...) {
    const std::lock_guard lock(mutex_);
    --open_;
    grows_again_ = Clock::now() + kLinger;
    throw;
  }
}

SessionPool::Held SessionPool::take_idle(Transaction kind) {
  while (Held session = take_last_idle(kind)) {
    if (!is_stale(*session)) return session;
    session.reset();
    const std::lock_guard lock(mutex_);
    --open_;
  }
  return nullptr;
}

SessionPool::Held SessionPool::take_last_idle(Transaction kind) {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return nullptr;
  auto found = std::find_if(idle_.rbegin(), idle_.rend(), [kind](const Idle& idle) {
    return idle.session->begins_at_once(kind);
  });
  if (found == idle_.rend()) {
    if (open_ < places(options_) && Clock::now() >= grows_again_) return nullptr;
    found = idle_.rbegin();
  }
  Held session = std::move(found->session);
  idle_.erase(std::next(found).base());
  return session;
}

bool SessionPool::is_stale(const ServerSession& session) const {
  if (session.is_closed_by_server()) return true;
  return options_.recycle.count() != 0 && Clock::now() - session.opened() >= options_.recycle;
}

void SessionPool::give_back(Held session) {
  Held closed;
  if (session == nullptr || !session->is_usable()) closed = std::move(session);
  const Clock::time_point now = Clock::now();
  {
    const std::lock_guard lock(mutex_);
    if (session != nullptr) {
      idle_.push_back({std::move(session), now});
    } else {
      --open_;
    }
    const bool may_linger = options_.size > 0;
    if (idle_.size() > options_.size && !(may_linger && now - idle_.front().since < kLinger)) {
      closed = std::move(idle_.front().session);
      idle_.erase(idle_.begin());
      --open_;
    }
  }
}

void SessionPool::drop_idle(Clock::time_point since) {
  std::vector<Idle> dead;
  const std::lock_guard lock(mutex_);
  const auto last = std::find_if(idle_.begin(), idle_.end(),
                                 [since](const Idle& idle) { return idle.since >= since; });
  std::move(idle_.begin(), last, std::back_inserter(dead));
  idle_.erase(idle_.begin(), last);
  open_ -= dead.size();
}

}  // namespace millrace
