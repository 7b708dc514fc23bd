#include "store/db/work.h"

#include "store/suites/database_files.h"

namespace millrace::work_test {
namespace {

class WorkTest : public DbTest {
 protected:
  WorkTest() : db(options()) {
    db.write([](Work& work) { work.execute("CREATE TABLE item (id BIGINT PRIMARY KEY)"); });
  }

  Db db;
};

void add(Work& work, std::int64_t id) { work.execute("INSERT INTO item (id) VALUES (:id)", {id}); }

std::int64_t count(Work& work) {
  return std::get<0>(*work.first<std::int64_t>("SELECT COUNT(*) FROM item"));
}

TEST_F(WorkTest, TellsWhoAskedAndUntilWhen) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::hours(1);
  const WorkOrder order{.caller = {.actor = "ann", .request_id = "r-1"}, .deadline = deadline};
  const auto look = [&](Work& work) {
    EXPECT_EQ(work.caller().actor, "ann");
    EXPECT_EQ(work.caller().request_id, "r-1");
    EXPECT_EQ(work.deadline(), deadline);
    EXPECT_EQ(work.dialect(), Dialect::Sqlite);
    EXPECT_EQ(work.attempt(), 0);
  };
  db.read(order, look);
  db.write(order, look);
  db.read([](Work& work) { EXPECT_EQ(work.caller().actor, ""); });
}

TEST_F(WorkTest, OperationsOfOneWorkAreOneTransaction) {
  const auto both = [](Work& work, bool fails) {
    add(work, 1);
    add(work, 2);
    if (fails) throw_invalid_parameter("no");
    return count(work);
  };
  EXPECT_THROW(db.write(WorkOrder(), both, true), Error);
  EXPECT_EQ(db.read(count), 0);
  EXPECT_EQ(db.write(WorkOrder(), both, false), 2);
}

TEST_F(WorkTest, WhatIsGivenToTheSameDatabaseJoins) {
  const auto both = [&](bool fails) {
    return db.write_together(WorkOrder(), [&](Work& work) {
      add(work, 1);
      db.write([](Work& joined) { add(joined, 2); });
      EXPECT_EQ(db.read(count), 2);
      if (fails) throw_invalid_parameter("no");
      return count(work);
    });
  };
  EXPECT_THROW(both(true), Error);
  EXPECT_EQ(db.read(count), 0);
  EXPECT_EQ(both(false), 2);
  EXPECT_EQ(db.read(count), 2);
}

TEST_F(WorkTest, OthersDoNotJoin) {
  EXPECT_THROW(db.write([&](Work&) { db.read(count); }), Error);
  EXPECT_THROW(db.read([&](Work&) { db.write([](Work& work) { add(work, 1); }); }), Error);
  Db other(options("other.db"));
  EXPECT_THROW(db.read([&](Work&) { other.read([](Work&) {}); }), Error);
  const auto with_another = [&](Work& work) {
    add(work, 1);
    other.write([](Work& its) { its.execute("CREATE TABLE IF NOT EXISTS item (id BIGINT)"); });
    EXPECT_EQ(other.read(count), 0);
    EXPECT_THROW(other.read([&](Work&) { db.read(count); }), Error);
  };
  db.write_together(WorkOrder(), with_another);
  EXPECT_EQ(db.read(count), 1);
}

// One that has changed something and failed runs a second time by itself.
TEST_F(WorkTest, AttemptsAreCounted) {
  std::vector<int> attempts;
  const auto fail = [&](Work& work) {
    attempts.push_back(work.attempt());
    add(work, 1);
    throw_invalid_parameter("no");
  };
  EXPECT_THROW(db.write(fail), Error);
  EXPECT_EQ(attempts, (std::vector{0, 1}));
}

TEST_F(WorkTest, HasOneTimeUntilItWaits) {
  db.write([](Work& work) {
    const std::int64_t first = work.now();
    while (now_ms() == first) {
    }
    EXPECT_EQ(work.now(), first);
    work.read_clock_anew();
    EXPECT_GT(work.now(), first);
  });
}

}  // namespace
}  // namespace millrace::work_test
