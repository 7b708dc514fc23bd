// The time that goes into records.
#pragma once

#include <cstdint>

namespace millrace {

// Milliseconds since the epoch (UTC), as MLflow's get_current_time_millis.
std::int64_t now_ms();

// For tests: while it lives, now_ms() gives what it was set to.
class FixedClock {
 public:
  explicit FixedClock(std::int64_t ms);
  ~FixedClock();
  FixedClock(const FixedClock&) = delete;
  FixedClock& operator=(const FixedClock&) = delete;

  void set(std::int64_t ms);
};

}  // namespace millrace
