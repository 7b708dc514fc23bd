#include "store/db/server/pool.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <thread>

namespace millrace::pool_test {
namespace {

// Answers nothing; its server may hang up.
class SilentConnection final : public Connection {
 public:
  explicit SilentConnection(std::vector<int>& servers) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) != 0) std::abort();
    own_socket(ends[0]);
    ::close(ends[0]);
    servers.push_back(ends[1]);
  }

  void begin(Transaction kind) override { kind_ = kind; }
  bool begins_at_once(Transaction kind) const override { return kind_ == kind; }
  long long run(std::string_view, const Values&, std::span<const Session::ColumnType>,
                const Session::RowSink&) override {
    give_up();
    throw DatabaseFailure({Failure::Lost}, "lost");
  }
  void commit(const std::vector<std::string>&) override {}
  void rollback() override {}

 private:
  Transaction kind_ = Transaction::Read;
};

class SilentDriver final : public ServerDriver {
 public:
  ~SilentDriver() override {
    for (const int server : servers) ::close(server);
  }
  Dialect dialect() const override { return Dialect::Postgresql; }
  std::unique_ptr<Connection> connect() override {
    ++asked;
    if (refuses) throw DatabaseFailure({Failure::Unreachable}, "too many connections");
    return std::make_unique<SilentConnection>(servers);
  }
  std::unique_ptr<Administration> administration() const override { return nullptr; }
  bool takes_nul() const override { return true; }
  bool is_denied(const DatabaseFailure&) const override { return false; }

  std::vector<int> servers;  // the other ends, as they came
  bool refuses = false;
  std::atomic<int> asked = 0;
};

class SessionPoolTest : public testing::Test {
 protected:
  // Sessions that wait, the last of them on top.
  std::vector<ServerSession*> fill(SessionPool& pool, int count) {
    std::vector<SessionPool::Held> held;
    std::vector<ServerSession*> sessions;
    for (int i = 0; i < count; ++i) held.push_back(take(pool, Transaction::Read, true));
    for (SessionPool::Held& one : held) {
      sessions.push_back(one.get());
      pool.give_back(std::move(one));
    }
    return sessions;
  }

  // Of one who waits without end.
  static SessionPool::Held take(SessionPool& pool, Transaction kind, bool fresh) {
    return pool.take(kind, fresh, WorkOrder{});
  }

  const std::shared_ptr<SilentDriver> driver = std::make_shared<SilentDriver>();
  Watch watch;
};

TEST_F(SessionPoolTest, TheLastUsedComesFirst) {
  SessionPool pool(driver, {.size = 3}, watch);
  const auto sessions = fill(pool, 3);
  const auto held = take(pool, Transaction::Read, false);
  EXPECT_EQ(held.get(), sessions[2]);
  EXPECT_NE(take(pool, Transaction::Read, true).get(), sessions[1]);
}

TEST_F(SessionPoolTest, OneThatBeginsAtOnceIsPreferred) {
  SessionPool pool(driver, {.size = 3, .overflow = 0}, watch);
  const auto sessions = fill(pool, 3);
  sessions[0]->begin(Transaction::Write);
  EXPECT_EQ(take(pool, Transaction::Write, false).get(), sessions[0]);
  EXPECT_EQ(take(pool, Transaction::Write, false).get(), sessions[2]);
}

TEST_F(SessionPoolTest, EachKindHasSessionsOfItsOwnWhileThereMayBeMore) {
  SessionPool pool(driver, {.size = 1, .overflow = 1}, watch);
  const auto* reading = fill(pool, 1).front();
  auto writes = take(pool, Transaction::Write, false);
  writes->begin(Transaction::Write);
  const auto* writing = writes.get();
  EXPECT_NE(writing, reading);
  pool.give_back(std::move(writes));
  for (int i = 0; i < 3; ++i) {
    auto read = take(pool, Transaction::Read, false);
    EXPECT_EQ(read.get(), reading);
    pool.give_back(std::move(read));
    auto write = take(pool, Transaction::Write, false);
    EXPECT_EQ(write.get(), writing);
    pool.give_back(std::move(write));
  }
  EXPECT_EQ(driver->servers.size(), 2U);
}

TEST_F(SessionPoolTest, WhereNoMoreAreToBeHadAnyIsTaken) {
  SessionPool pool(driver, {.size = 2}, watch);
  const auto sessions = fill(pool, 1);
  driver->refuses = true;
  for (int i = 0; i < 3; ++i) {
    auto held = take(pool, Transaction::Write, false);
    EXPECT_EQ(held.get(), sessions[0]);
    pool.give_back(std::move(held));
  }
  EXPECT_EQ(driver->asked, 2) << "asked again at once for what was refused a moment ago";
}

TEST_F(SessionPoolTest, WhereTheServerHasHungUpAnotherIsTaken) {
  SessionPool pool(driver, {.size = 3}, watch);
  const auto sessions = fill(pool, 3);
  ::shutdown(driver->servers[2], SHUT_RDWR);
  EXPECT_EQ(take(pool, Transaction::Read, false).get(), sessions[1]);
}

TEST_F(SessionPoolTest, AFailedConnectLeavesTheOthers) {
  SessionPool pool(driver, {.size = 2}, watch);
  const auto sessions = fill(pool, 1);
  driver->refuses = true;
  auto held = take(pool, Transaction::Read, false);
  EXPECT_THROW(take(pool, Transaction::Read, false), Interrupted);
  pool.give_back(std::move(held));
  EXPECT_EQ(take(pool, Transaction::Read, false).get(), sessions[0]);
}

TEST_F(SessionPoolTest, OnlyThoseThatWaitedBeforeAreDropped) {
  SessionPool pool(driver, {.size = 3}, watch);
  const auto sessions = fill(pool, 2);
  auto used = take(pool, Transaction::Read, false);
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  const auto since = SessionPool::Clock::now();
  pool.give_back(std::move(used));
  pool.drop_idle(since);
  EXPECT_EQ(take(pool, Transaction::Read, false).get(), sessions[1]);
  driver->refuses = true;
  EXPECT_THROW(take(pool, Transaction::Read, false), Interrupted);
}

TEST_F(SessionPoolTest, WhatCannotBeUsedIsNotKept) {
  SessionPool pool(driver, {.size = 2}, watch);
  auto broken = take(pool, Transaction::Read, false);
  broken->begin(Transaction::Read);
  EXPECT_THROW(broken->execute("SELECT 1"), Interrupted);
  auto cancelled = take(pool, Transaction::Read, false);
  cancelled->cancel(Ending::Late);
  EXPECT_THROW(cancelled->execute("SELECT 1"), Cancelled);
  cancelled->resume();
  pool.give_back(std::move(broken));
  pool.give_back(std::move(cancelled));
  driver->refuses = true;
  EXPECT_THROW(take(pool, Transaction::Read, false), Interrupted);
}

TEST_F(SessionPoolTest, WithoutASizeNoneIsKept) {
  SessionPool pool(driver, {.size = 0, .overflow = 2}, watch);
  fill(pool, 2);
  driver->refuses = true;
  EXPECT_THROW(take(pool, Transaction::Read, false), Interrupted);
}

// A place that is taken by one that waits is given to one that is asked for.
TEST_F(SessionPoolTest, AFreshOneTakesThePlaceOfOneThatWaits) {
  SessionPool pool(driver, {.size = 2, .overflow = 0}, watch);
  const auto sessions = fill(pool, 2);
  const auto fresh = take(pool, Transaction::Read, true);
  const auto other = take(pool, Transaction::Read, false);
  EXPECT_EQ(other.get(), sessions[1]);
}

}  // namespace
}  // namespace millrace::pool_test
