#include "store/common/clock.h"

#include <atomic>
#include <chrono>

namespace millrace {
namespace {

constexpr std::int64_t kRealTime = -1;
std::atomic<std::int64_t> fixed_ms{kRealTime};

}  // namespace

std::int64_t now_ms() {
  const std::int64_t fixed = fixed_ms.load(std::memory_order_relaxed);
  if (fixed != kRealTime) return fixed;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

FixedClock::FixedClock(std::int64_t ms) { set(ms); }
FixedClock::~FixedClock() { fixed_ms.store(kRealTime, std::memory_order_relaxed); }
void FixedClock::set(std::int64_t ms) { fixed_ms.store(ms, std::memory_order_relaxed); }

}  // namespace millrace
