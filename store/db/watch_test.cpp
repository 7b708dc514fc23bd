#include "store/db/watch.h"

#include <gtest/gtest.h>

#include <optional>

namespace millrace::watch_test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Remembers why it was cancelled.
class WatchedSession final : public Session {
 public:
  void cancel(Ending ending) override { ending_ = static_cast<int>(ending); }
  void resume() override { ending_ = kNone; }

  std::optional<Ending> ending() const {
    const int ending = ending_;
    if (ending == kNone) return std::nullopt;
    return static_cast<Ending>(ending);
  }
  Ending wait_for_end() const {
    while (!ending()) std::this_thread::yield();
    return *ending();
  }

 protected:
  long long run(std::string_view, const Values&, std::span<const ColumnType>,
                const RowSink&) override {
    return 0;
  }

 private:
  static constexpr int kNone = -1;
  std::atomic<int> ending_ = kNone;
};

TEST(Watch, CancelsWhatIsLate) {
  Watch watch;
  WatchedSession late, other;
  const WorkOrder order{.deadline = steady_clock::now() + milliseconds(10)}, unhurried;
  const Watch::Watched second(watch, unhurried, other);
  {
    const Watch::Watched first(watch, order, late);
    EXPECT_EQ(late.wait_for_end(), Ending::Late);
  }
  EXPECT_FALSE(late.ending());  // it can be used again
  EXPECT_FALSE(other.ending());
}

TEST(Watch, CancelsWhatNobodyWaitsFor) {
  Watch watch;
  WatchedSession session;
  std::atomic<bool> gone = false;
  const WorkOrder order{.is_abandoned = [&gone] { return gone.load(); }};
  const Watch::Watched watched(watch, order, session);
  gone = true;
  EXPECT_EQ(session.wait_for_end(), Ending::Abandoned);
}

TEST(Watch, EndsAllAtAStopAndWhatComesAfterIt) {
  Watch watch;
  WatchedSession session, later;
  const WorkOrder order;
  const Watch::Watched watched(watch, order, session);
  EXPECT_FALSE(watch.ending(order));
  watch.end_all();
  EXPECT_EQ(session.wait_for_end(), Ending::Stopping);
  EXPECT_EQ(watch.ending(order), Ending::Stopping);
  const Watch::Watched second(watch, order, later);
  EXPECT_EQ(later.wait_for_end(), Ending::Stopping);
}

TEST(Watch, WakesUpAfterAQuietTime) {
  Watch watch;
  WatchedSession session;
  const WorkOrder order{.deadline = steady_clock::now()};
  for (int i = 0; i < 2; ++i) {
    {
      const Watch::Watched watched(watch, order, session);
      EXPECT_EQ(session.wait_for_end(), Ending::Late);
    }
    if (i == 0) std::this_thread::sleep_for(25 * Watch::kTick);
  }
}

}  // namespace
}  // namespace millrace::watch_test
