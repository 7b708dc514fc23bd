#include "store/common/clock.h"

#include <gtest/gtest.h>

#include <ctime>

namespace millrace::clock_test {
namespace {

TEST(Clock, FollowsTheSystemInMilliseconds) {
  const std::int64_t seconds = std::time(nullptr);
  const std::int64_t ms = now_ms();
  EXPECT_GE(ms, seconds * 1000);
  // time() reads a coarser clock, which may be some milliseconds behind.
  EXPECT_LE(ms, (std::time(nullptr) + 2) * 1000);
}

TEST(Clock, CanBeHeldStill) {
  {
    FixedClock clock(1'700'000'000'123);
    EXPECT_EQ(now_ms(), 1'700'000'000'123);
    clock.set(5);
    EXPECT_EQ(now_ms(), 5);
  }
  EXPECT_GT(now_ms(), 1'700'000'000'123);
}

}  // namespace
}  // namespace millrace::clock_test
