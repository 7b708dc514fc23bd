// How large and small writes take turns.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>
#include <utility>

#include "store/suites/database_files.h"

namespace millrace::lane_turns_test {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kLong{20};

class SqliteLaneTurnsTest : public DbTest {
 protected:
  SqliteLaneTurnsTest() : db(options()) {
    db.write([](Session& s) { s.execute("CREATE TABLE item (number INTEGER)"); });
  }

  // A large write that takes kLong; when it began and ended.
  std::pair<Clock::time_point, Clock::time_point> write_large() {
    std::pair<Clock::time_point, Clock::time_point> span;
    db.write(Load::Large, [&span](Session& s) {
      span.first = Clock::now();
      s.execute("INSERT INTO item VALUES (1)");
      std::this_thread::sleep_for(kLong);
      span.second = Clock::now();
    });
    return span;
  }

  // The time between two large ones that are asked for at once.
  Clock::duration between_two() {
    auto one = std::async(std::launch::async, [this] { return write_large(); });
    const auto mine = write_large();
    auto spans = std::pair(mine, one.get());
    if (spans.second.first < spans.first.first) std::swap(spans.first, spans.second);
    return spans.second.first - spans.first.second;
  }

  Db db;
};

// On a busy machine a small one may not have come in time.
TEST_F(SqliteLaneTurnsTest, SmallOnesHaveTwiceTheTimeOfALargeOne) {
  std::atomic<bool> ends = false;
  auto small = std::async(std::launch::async, [&] {
    while (!ends) db.write([](Session& s) { s.execute("INSERT INTO item VALUES (2)"); });
  });
  Clock::duration longest{};
  for (int tries = 0; tries < 50 && longest < 2 * kLong; ++tries)
    longest = std::max(longest, between_two());
  ends = true;
  small.get();
  EXPECT_GE(longest, 2 * kLong);
}

TEST_F(SqliteLaneTurnsTest, WithoutSmallOnesNothingWaits) {
  Clock::duration shortest = std::chrono::hours(1);
  for (int tries = 0; tries < 50 && shortest >= 2 * kLong; ++tries)
    shortest = std::min(shortest, between_two());
  EXPECT_LT(shortest, 2 * kLong);
}

}  // namespace
}  // namespace millrace::lane_turns_test
