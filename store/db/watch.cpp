#include "store/db/watch.h"

namespace millrace {
namespace {

// The thread goes on looking so many ticks after the last work has ended: under load nobody has to
// wake it.
constexpr int kIdleTicks = 20;

}  // namespace

Watch::~Watch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

std::optional<Ending> Watch::ending(const WorkOrder& order) const {
  if (ends_all_.load(std::memory_order_relaxed)) return Ending::Stopping;
  if (std::chrono::steady_clock::now() >= order.deadline) return Ending::Late;
  if (order.is_abandoned && order.is_abandoned()) return Ending::Abandoned;
  return std::nullopt;
}

Watch::Watched::Watched(Watch& watch, const WorkOrder& order, Session& session)
    : watch_(watch), order_(order), session_(session) {
  const std::lock_guard lock(watch_.mutex_);
  place_ = watch_.under_way_.insert(watch_.under_way_.end(), this);
  if (!watch_.thread_.joinable()) watch_.thread_ = std::thread([&watch] { watch.run(); });
  if (!watch_.running_) {
    watch_.running_ = true;
    watch_.changed_.notify_one();
  }
}

Watch::Watched::~Watched() {
  const std::lock_guard lock(watch_.mutex_);
  watch_.under_way_.erase(place_);
  session_.resume();
}

void Watch::run() {
  std::unique_lock lock(mutex_);
  int idle = 0;
  while (!stopping_) {
    changed_.wait_for(lock, kTick, [this] { return stopping_; });
    for (Watched* watched : under_way_) {
      if (const auto reason = ending(watched->order_)) watched->session_.cancel(*reason);
    }
    idle = under_way_.empty() ? idle + 1 : 0;
    if (idle < kIdleTicks) continue;
    running_ = false;
    changed_.wait(lock, [this] { return stopping_ || running_; });
    idle = 0;
  }
}

}  // namespace millrace
