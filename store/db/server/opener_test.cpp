#include "store/db/server/opener.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace millrace::opener_test {
namespace {

// Is of no use but to be there.
class UnusedConnection final : public Connection {
 public:
  explicit UnusedConnection(std::atomic<int>& open) : open_(open) { ++open_; }
  ~UnusedConnection() override { --open_; }

  void begin(Transaction) override {}
  long long run(std::string_view, const Values&, std::span<const Session::ColumnType>,
                const Session::RowSink&) override {
    return 0;
  }
  void commit(const std::vector<std::string>&) override {}
  void rollback() override {}

 private:
  std::atomic<int>& open_;
};

// Its server answers nobody before answer().
class SlowDriver final : public ServerDriver {
 public:
  Dialect dialect() const override { return Dialect::Postgresql; }
  std::unique_ptr<Connection> connect() override {
    std::unique_lock lock(mutex_);
    ++asked;
    answered_.wait(lock, [this] { return answers_; });
    ++ended;
    if (refuses) throw DatabaseFailure({Failure::Unreachable}, "too many connections");
    return std::make_unique<UnusedConnection>(open);
  }
  std::unique_ptr<Administration> administration() const override { return nullptr; }
  bool takes_nul() const override { return true; }
  bool is_denied(const DatabaseFailure&) const override { return false; }

  void answer() {
    {
      const std::lock_guard lock(mutex_);
      answers_ = true;
    }
    answered_.notify_all();
  }

  std::atomic<int> asked = 0, ended = 0, open = 0;
  std::atomic<bool> refuses = false;

 private:
  std::mutex mutex_;
  std::condition_variable answered_;
  bool answers_ = false;
};

WorkOrder short_order() {
  return {.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(10)};
}

class SessionOpenerTest : public testing::Test {
 protected:
  // Why who asks so is sent away; nothing if he gets a session.
  std::optional<Ending> ending_of(const WorkOrder& order) {
    try {
      opener.open(order);
      return std::nullopt;
    } catch (const Cancelled& cancelled) {
      return cancelled.ending();
    }
  }

  static void wait_until(const std::function<bool()>& condition) {
    while (!condition()) std::this_thread::yield();
  }

  const std::shared_ptr<SlowDriver> driver = std::make_shared<SlowDriver>();
  Watch watch;
  SessionOpener opener{driver, watch};
};

TEST_F(SessionOpenerTest, WithoutAThreadTheDatabaseCannotBeReachedForNow) {
  pthread_attr_t usual, impossible;
  ASSERT_EQ(pthread_getattr_default_np(&usual), 0);
  ASSERT_EQ(pthread_attr_init(&impossible), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&impossible, std::size_t{1} << 60U), 0);
  ASSERT_EQ(pthread_setattr_default_np(&impossible), 0);
  EXPECT_THROW(opener.open(WorkOrder{}), Interrupted);
  ASSERT_EQ(pthread_setattr_default_np(&usual), 0);
  pthread_attr_destroy(&usual);
  pthread_attr_destroy(&impossible);
  driver->answer();
  EXPECT_NE(opener.open(WorkOrder{}), nullptr);
}

TEST_F(SessionOpenerTest, WhoIsLateOrGoneDoesNotWaitForTheServer) {
  EXPECT_EQ(ending_of(short_order()), Ending::Late);
  EXPECT_EQ(ending_of({.is_abandoned = [] { return true; }}), Ending::Abandoned);
  watch.end_all();
  EXPECT_EQ(ending_of({}), Ending::Stopping);
  driver->answer();
}

TEST_F(SessionOpenerTest, WhoAsksNextGetsWhatWasBegun) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ending_of(short_order()), Ending::Late);
  std::thread server([this] { driver->answer(); });
  EXPECT_NE(opener.open({}), nullptr);
  server.join();
  EXPECT_LE(driver->asked, 2);  // another one if the first ended before
}

TEST_F(SessionOpenerTest, WhatNobodyWantsIsClosed) {
  EXPECT_EQ(ending_of(short_order()), Ending::Late);
  driver->answer();
  wait_until([this] { return driver->ended == 1; });
  const auto session = opener.open({});
  wait_until([this] { return driver->open == 1; });
  EXPECT_NE(session, nullptr);
}

TEST_F(SessionOpenerTest, AFailureIsToldToWhoWaits) {
  driver->refuses = true;
  driver->answer();
  EXPECT_THROW(opener.open({}), Interrupted);
  driver->refuses = false;
  EXPECT_NE(opener.open({}), nullptr);
}

TEST_F(SessionOpenerTest, ItsEndWaitsForNothing) {
  {
    SessionOpener other(driver, watch);
    EXPECT_THROW(other.open(short_order()), Cancelled);
  }
  driver->answer();
  wait_until([this] { return driver->ended == 1 && driver->open == 0; });
}

}  // namespace
}  // namespace millrace::opener_test
