// A database in memory, as all that is done to a Db sees it.
#include "store/db/sqlite/memory_backend.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <optional>
#include <thread>
#include <vector>

namespace millrace::memory_backend_test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

class SqliteMemoryTest : public testing::Test {
 protected:
  SqliteMemoryTest() {
    db.write([](Session& s) {
      s.execute("CREATE TABLE pair (a BIGINT, b BIGINT)");
      s.execute("INSERT INTO pair VALUES (0, 0)");
    });
  }

  std::int64_t value() {
    return std::get<0>(
        *db.read([](Session& s) { return s.first<std::int64_t>("SELECT a FROM pair"); }));
  }
  void set(std::int64_t value, const WorkOrder& order = {}) {
    db.write(order, [value](Session& s) { s.execute("UPDATE pair SET a = :a", {value}); });
  }
  static WorkOrder within(milliseconds time) { return {.deadline = Clock::now() + time}; }

  // The code of the Error that `work` throws, or nothing.
  template <class Work>
  static std::optional<ErrorCode> code_of(Work&& work) {
    try {
      work();
    } catch (const Error& error) {
      return error.code();
    }
    return std::nullopt;
  }

  Db db{DbOptions{"sqlite:///:memory:"}};
};

TEST_F(SqliteMemoryTest, EachIsADatabaseOfItsOwn) {
  Db other{DbOptions{"sqlite://"}};
  const auto tables = other.read(
      [](Session& s) { return s.first<std::int64_t>("SELECT count(*) FROM sqlite_schema"); });
  EXPECT_EQ(std::get<0>(*tables), 0);
  EXPECT_FALSE(other.is_lost());
}

TEST_F(SqliteMemoryTest, WhatFailsLeavesNothing) {
  const auto fail = [&] {
    db.write([](Session& s) {
      s.execute("UPDATE pair SET a = 7");
      throw Error(ErrorCode::InvalidState, "no");
    });
  };
  EXPECT_EQ(code_of(fail), ErrorCode::InvalidState);
  EXPECT_EQ(value(), 0);
  const auto write_in_read = [&] {
    db.read([](Session& s) { s.execute("UPDATE pair SET a = 7"); });
  };
  EXPECT_EQ(code_of(write_in_read), ErrorCode::InternalError);
  EXPECT_EQ(value(), 0);
  set(8);
  EXPECT_EQ(value(), 8);
}

TEST_F(SqliteMemoryTest, WhoseTimeEndsWaitsNoLonger) {
  std::atomic<bool> holds = false, stop = false;
  std::thread holder([&] {
    db.read([&](Session&) {
      holds = true;
      while (!stop) std::this_thread::sleep_for(milliseconds(1));
    });
  });
  while (!holds) std::this_thread::yield();
  const auto busy = ErrorCode::TemporarilyUnavailable;
  EXPECT_EQ(code_of([&] { set(1, within(milliseconds(50))); }), busy);
  EXPECT_EQ(code_of([&] { db.try_write(milliseconds(50), [](Session&) {}); }), busy);
  stop = true;
  holder.join();
  db.try_write(milliseconds(50), [](Session& s) { s.execute("UPDATE pair SET a = 5"); });
  EXPECT_EQ(value(), 5);
}

TEST_F(SqliteMemoryTest, ALongStatementIsEndedInTime) {
  const Clock::time_point began = Clock::now();
  const auto count_for_ever = [&] {
    db.read(within(milliseconds(200)), [](Session& s) {
      s.first<std::int64_t>(
          "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
          "SELECT count(*) FROM n");
    });
  };
  EXPECT_EQ(code_of(count_for_ever), ErrorCode::TemporarilyUnavailable);
  EXPECT_LT(Clock::now() - began, std::chrono::seconds(5));
  EXPECT_EQ(value(), 0);
}

// Nobody sees half of a change, none fails, and none waits for long.
TEST_F(SqliteMemoryTest, EightReadersAndEightWriters) {
  const Clock::time_point end = Clock::now() + std::chrono::seconds(1);
  std::atomic<std::int64_t> writes = 0, reads = 0, torn = 0, longest_us = 0;
  const auto repeat = [&](const auto& work, std::atomic<std::int64_t>& count) {
    while (Clock::now() < end) {
      const Clock::time_point began = Clock::now();
      work();
      const std::int64_t us =
          std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began).count();
      std::int64_t seen = longest_us;
      while (us > seen && !longest_us.compare_exchange_weak(seen, us)) {
      }
      ++count;
    }
  };
  const auto write = [&] {
    db.write([](Session& s) {
      s.execute("UPDATE pair SET a = a + 1");
      s.execute("UPDATE pair SET b = b + 1");
    });
  };
  const auto read = [&] {
    const auto row = db.read(
        [](Session& s) { return s.first<std::int64_t, std::int64_t>("SELECT a, b FROM pair"); });
    if (std::get<0>(*row) != std::get<1>(*row)) ++torn;
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { repeat(write, writes); });
    threads.emplace_back([&] { repeat(read, reads); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(torn, 0);
  EXPECT_EQ(value(), writes);
  EXPECT_GT(reads, writes / 4);
  EXPECT_LT(longest_us, 2'000'000);
  std::printf("%lld writes, %lld reads, the longest took %lld us\n", static_cast<long long>(writes),
              static_cast<long long>(reads), static_cast<long long>(longest_us));
}

}  // namespace
}  // namespace millrace::memory_backend_test
