// Work on a SQLite file that is ended before it is done: at its deadline, at a stop, and when its
// client has gone.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <thread>
#include <vector>

#include "store/db/sqlite/session.h"
#include "store/suites/database_files.h"

namespace millrace::cancel_test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr const char* kEndless =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
constexpr const char* kEndlessInsert =
    "INSERT INTO item (name) "
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";

class SqliteCancelTest : public DbTest {
 protected:
  SqliteCancelTest() : db(options()) {
    db.write([](Session& s) { s.execute("CREATE TABLE item (name TEXT UNIQUE)"); });
  }

  static WorkOrder within(milliseconds time, Load load = Load::Small) {
    return {.load = load, .deadline = steady_clock::now() + time};
  }
  static void read_endlessly(Work& work) { work.first<std::int64_t>(kEndless); }
  std::int64_t count() {
    return db.read([](Session& s) {
      return std::get<0>(*s.first<std::int64_t>("SELECT count(*) FROM item"));
    });
  }
  ErrorCode read_failure(const WorkOrder& order) {
    try {
      db.read(order, read_endlessly);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::InternalError;
  }

  Db db;
};

// Clients repeat what is temporary.
TEST_F(SqliteCancelTest, ASearchThatTakesTooLongIsRefusedForGood) {
  EXPECT_EQ(read_failure(within(milliseconds(50), Load::Large)), ErrorCode::BadRequest);
  EXPECT_EQ(read_failure(within(milliseconds(50))), ErrorCode::TemporarilyUnavailable);
  EXPECT_EQ(count(), 0);
}

TEST_F(SqliteCancelTest, ABodyBetweenItsStatementsIsEndedToo) {
  const WorkOrder order = within(milliseconds(1));
  const auto read_again_and_again = [](Work& work) {
    for (;;) work.first<std::int64_t>("SELECT count(*) FROM item");
  };
  EXPECT_THROW(db.read(order, read_again_and_again), Cancelled);
}

TEST_F(SqliteCancelTest, WhatNobodyWaitsForIsEnded) {
  std::atomic<bool> gone = false;
  const WorkOrder order{.is_abandoned = [&gone] { return gone.load(); }};
  auto reading = std::async(std::launch::async, [&] { db.read(order, read_endlessly); });
  gone = true;
  EXPECT_THROW(reading.get(), Cancelled);
}

TEST_F(SqliteCancelTest, AStopEndsAll) {
  auto reading = std::async(std::launch::async, [&] { db.read(read_endlessly); });
  auto writing = std::async(std::launch::async,
                            [&] { db.write([](Session& s) { s.execute(kEndlessInsert); }); });
  std::this_thread::sleep_for(milliseconds(20));
  db.end_all();
  EXPECT_THROW(reading.get(), Error);
  EXPECT_THROW(writing.get(), Error);
  EXPECT_THROW(db.read(read_endlessly), Error);
}

TEST_F(SqliteCancelTest, PointReadsDoNotWaitForHopelessSearches) {
  std::vector<std::future<ErrorCode>> searches;
  std::atomic<bool> gone = false;
  const WorkOrder order{.load = Load::Large, .is_abandoned = [&gone] { return gone.load(); }};
  for (int i = 0; i < 20; ++i) {
    searches.push_back(std::async(std::launch::async, [&] { return read_failure(order); }));
  }
  for (int i = 0; i < 100; ++i) EXPECT_EQ(count(), 0);
  gone = true;
  for (auto& search : searches) EXPECT_EQ(search.get(), ErrorCode::TemporarilyUnavailable);
}

// SQLite undoes the whole transaction when it is interrupted in a change.
TEST_F(SqliteCancelTest, ALateWriteTakesNothingOfItsGroupAlong) {
  constexpr int kOthers = 6;
  std::latch held(1);
  std::vector<std::future<void>> writes;
  writes.push_back(
      std::async(std::launch::async, [&] { db.write([&held](Session&) { held.wait(); }); }));
  const WorkOrder late = within(milliseconds(300));
  for (int i = 0; i < kOthers; ++i) {
    writes.push_back(std::async(std::launch::async, [&, i] {
      if (i == kOthers / 2) {
        EXPECT_THROW(db.write(late, [](Work& work) { work.execute(kEndlessInsert); }), Error);
        return;
      }
      db.write([i](Session& s) {
        s.execute("INSERT INTO item VALUES (:name)", {"name " + std::to_string(i)});
      });
    }));
  }
  std::this_thread::sleep_for(milliseconds(50));
  held.count_down();
  for (auto& write : writes) write.get();
  EXPECT_EQ(count(), kOthers - 1);
}

TEST_F(SqliteCancelTest, WritersLeaveAForeignLockAtTheirDeadline) {
  SqliteSession foreign(path(), SqliteSession::Role::Writer);
  foreign.execute("BEGIN IMMEDIATE");
  std::vector<std::future<void>> writes;
  for (int i = 0; i < 4; ++i) {  // one asks for the lock, the others wait behind it
    writes.push_back(std::async(std::launch::async, [&, i] {
      const WorkOrder order = within(milliseconds(100 + 100 * i));
      const auto insert = [i](Work& work) {
        work.execute("INSERT INTO item VALUES (:name)", {std::to_string(i)});
      };
      EXPECT_THROW(db.write(order, insert), Error);
    }));
  }
  for (auto& write : writes) write.get();
  foreign.execute("COMMIT");
  db.write([](Session& s) { s.execute("INSERT INTO item VALUES ('later')"); });
  EXPECT_EQ(count(), 1);
}

}  // namespace
}  // namespace millrace::cancel_test
