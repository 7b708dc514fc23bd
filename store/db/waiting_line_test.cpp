#include "store/db/waiting_line.h"

#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <vector>

namespace millrace::waiting_line_test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

class WaitingLineTest : public testing::Test {
 protected:
  // Waits until so many stand in the line, by trying what only they prevent.
  static void pause() { std::this_thread::sleep_for(milliseconds(1)); }

  std::future<int> enter_later(const WorkOrder& order, int number) {
    return std::async(std::launch::async, [this, &order, number] {
      const WaitingLine::Place place = line_.enter_to_read(order);
      return served_ = number;
    });
  }

  Watch watch_;
  WaitingLine line_{watch_, 3, 2, 0};
  const WorkOrder small_{};
  const WorkOrder large_{.load = Load::Large};
  std::atomic<int> served_ = 0;
};

TEST_F(WaitingLineTest, LargeWorkLeavesAPlace) {
  const WaitingLine::Place one = line_.enter_to_read(large_), two = line_.enter_to_read(large_);
  const WorkOrder impatient{.load = Load::Large, .deadline = steady_clock::now()};
  EXPECT_THROW(line_.enter_to_read(impatient), Cancelled);
  const WaitingLine::Place three = line_.enter_to_read(small_);
  const WorkOrder small_impatient{.deadline = steady_clock::now()};
  EXPECT_THROW(line_.enter_to_read(small_impatient), Cancelled);
}

TEST_F(WaitingLineTest, AWaitingLargeOneDoesNotStandInTheWayOfSmallOnes) {
  std::optional<WaitingLine::Place> one, two;
  one.emplace(line_, large_, Waiting::Large);
  two.emplace(line_, large_, Waiting::Large);
  std::future<int> waits = enter_later(large_, 1);
  for (int i = 0; i < 100; ++i) {
    const WaitingLine::Place place = line_.enter_to_read(small_);
    pause();
  }
  EXPECT_EQ(served_, 0);
  one.reset();
  EXPECT_EQ(waits.get(), 1);
}

TEST_F(WaitingLineTest, WritesLeaveAPlaceForReadsByKey) {
  WaitingLine line(watch_, 4, 3, 1);
  const WaitingLine::Place one = line.enter_to_write(small_), two = line.enter_to_write(small_),
                           three = line.enter_to_write(large_);
  const WorkOrder impatient{.deadline = steady_clock::now()};
  EXPECT_THROW(line.enter_to_write(impatient), Cancelled);
  const WaitingLine::Place four = line.enter_to_read(impatient);
}

// Whoever comes at that moment does not get what has become free.
TEST_F(WaitingLineTest, WhoHasWaitedIsNext) {
  static_assert(Watch::kTick >= WaitingLine::kPatience);
  WaitingLine line(watch_, 1, 1, 0);
  std::optional<WaitingLine::Place> held;
  held.emplace(line, small_, Waiting::PointRead);
  std::atomic<bool> has_waited = false;
  const WorkOrder patient{.is_abandoned = [&has_waited] {
    has_waited = true;
    return false;
  }};
  std::promise<void> end;
  const auto waits = std::async(std::launch::async, [&] {
    const WaitingLine::Place place = line.enter_to_read(patient);
    end.get_future().wait();
  });
  while (!has_waited) pause();
  held.reset();
  const WorkOrder impatient{.deadline = steady_clock::now()};
  EXPECT_THROW(line.enter_to_read(impatient), Cancelled);
  end.set_value();
}

// A place that a write leaves goes to a write; the one who came first is served within a while.
TEST_F(WaitingLineTest, ThoseOfTheSameKindComeFirstForAWhile) {
  const auto first_after = [this](milliseconds waited) {
    WaitingLine line(watch_, 1, 1, 0);
    std::atomic<int> order = 0;
    std::optional<WaitingLine::Place> held;
    held.emplace(line, small_, Waiting::Write);
    auto reads = std::async(std::launch::async, [&] {
      const WaitingLine::Place place = line.enter_to_read(small_);
      return ++order;
    });
    std::this_thread::sleep_for(milliseconds(5));
    auto writes = std::async(std::launch::async, [&] {
      const WaitingLine::Place place = line.enter_to_write(small_);
      return ++order;
    });
    std::this_thread::sleep_for(waited);
    held.reset();
    writes.get();
    return reads.get() == 1 ? Waiting::PointRead : Waiting::Write;
  };
  Waiting first = Waiting::PointRead;
  // A machine may be slower than that.
  for (int i = 0; i < 50 && first != Waiting::Write; ++i) first = first_after(milliseconds(5));
  EXPECT_EQ(first, Waiting::Write);
  for (int i = 0; i < 50 && first != Waiting::PointRead; ++i)
    first = first_after(WaitingLine::kAlikeFirst + milliseconds(10));
  EXPECT_EQ(first, Waiting::PointRead);
}

TEST(LineBoundTest, ALineThatMovesMayBeLonger) {
  constexpr std::size_t kLongest = LineBound::kLongest;
  const steady_clock::time_point moved{std::chrono::hours(1)};
  LineBound bound;
  bound.move(moved);
  const auto before_stall = moved + LineBound::kStall - std::chrono::nanoseconds(1);
  EXPECT_FALSE(bound.is_full(10 * kLongest, false, before_stall));
  EXPECT_TRUE(bound.is_full(kLongest, true, before_stall));
  EXPECT_TRUE(bound.is_full(kLongest, false, moved + LineBound::kStall));
  EXPECT_FALSE(bound.is_full(kLongest - 1, false, moved + LineBound::kStall));
  EXPECT_FALSE(bound.is_full(kLongest - 1, true, moved + LineBound::kStall));
}

TEST_F(WaitingLineTest, OfLargeWorkNeverMoreWait) {
  const WaitingLine::Place one = line_.enter_to_read(large_), two = line_.enter_to_read(large_);
  std::atomic<int> refused = 0;
  std::atomic<bool> gone = false;
  const WorkOrder order{.load = Load::Large, .is_abandoned = [&gone] { return gone.load(); }};
  std::vector<std::future<void>> waiting;
  for (std::size_t i = 0; i < LineBound::kLongest + 10; ++i) {
    waiting.push_back(std::async(std::launch::async, [&] {
      try {
        line_.enter_to_read(order);
      } catch (const Error& error) {
        if (error.code() == ErrorCode::Overloaded) ++refused;
      }
    }));
  }
  while (refused < 10) {
    const WaitingLine::Place small = line_.enter_to_read(small_);  // the line moves
  }
  gone = true;
  for (auto& other : waiting) other.get();
  EXPECT_EQ(refused, 10);
}

TEST_F(WaitingLineTest, EndsWithTheOrder) {
  const WaitingLine::Place one = line_.enter_to_read(small_), two = line_.enter_to_read(small_),
                           three = line_.enter_to_read(small_);
  std::atomic<bool> gone = false;
  const WorkOrder order{.is_abandoned = [&gone] { return gone.load(); }};
  std::future<int> waits = enter_later(order, 1);
  gone = true;
  try {
    waits.get();
    FAIL() << "it got a place";
  } catch (const Cancelled& cancelled) {
    EXPECT_EQ(cancelled.ending(), Ending::Abandoned);
  }
  watch_.end_all();
  try {
    line_.enter_to_read(small_);
    FAIL() << "it got a place";
  } catch (const Cancelled& cancelled) {
    EXPECT_EQ(cancelled.ending(), Ending::Stopping);
    EXPECT_EQ(cancelled.code(), ErrorCode::TemporarilyUnavailable);
  }
}

TEST_F(WaitingLineTest, IsBounded) {
  std::vector<std::future<void>> waiting;
  {
    const WaitingLine::Place one = line_.enter_to_read(small_), two = line_.enter_to_read(small_),
                             three = line_.enter_to_read(small_);
    const auto enter_after_all = [this] {  // the probe below may stand where it wants to
      for (;;) {
        try {
          line_.enter_to_read(small_);
          return;
        } catch (const Error& error) {
          ASSERT_EQ(error.code(), ErrorCode::Overloaded);
          pause();
        }
      }
    };
    for (std::size_t i = 0; i < LineBound::kLongest; ++i) {
      waiting.push_back(std::async(std::launch::async, enter_after_all));
    }
    const WorkOrder probe{.deadline = steady_clock::now()};
    for (bool full = false; !full;) {  // until all stand there a further one is let in, and is late
      try {
        line_.enter_to_read(probe);
      } catch (const Cancelled&) {
        pause();
      } catch (const Error& error) {
        full = error.code() == ErrorCode::Overloaded;
        EXPECT_EQ(error.message(), "Too many requests wait for the database; try again.");
      }
    }
  }
  for (auto& one : waiting) one.get();  // all are served in the end
}

}  // namespace
}  // namespace millrace::waiting_line_test
