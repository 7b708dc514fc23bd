// Group commit: bodies of one group do not touch each other, and what is acknowledged is stored.
#include "store/db/sqlite/lane.h"

#include <gmock/gmock.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "store/suites/database_files.h"

namespace millrace::lane_test {
namespace {

class SqliteLaneTest : public DbTest {
 protected:
  SqliteLaneTest() : db(options()) {
    db.write([](Session& s) {
      s.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT UNIQUE)");
      s.execute("CREATE TABLE big (data TEXT)");
    });
  }

  std::int64_t count(const std::string& table = "item") {
    return db.read([&table](Session& s) {
      return std::get<0>(*s.first<std::int64_t>("SELECT count(*) FROM " + table));
    });
  }

  // Runs `work(i)` for i in 0..threads-1, each in a thread of its own.
  static void in_threads(int threads, const std::function<void(int)>& work) {
    std::vector<std::thread> pool;
    for (int i = 0; i < threads; ++i) pool.emplace_back([&work, i] { work(i); });
    for (std::thread& thread : pool) thread.join();
  }

  // Holds the lane with a body until `others` more writes wait, so that they join its group.
  void as_one_group(int others, const std::function<void(int)>& write) {
    std::atomic<bool> held = false;
    std::atomic<int> started = 0;
    in_threads(others + 1, [&](int i) {
      if (i == others) {
        try {
          db.write([&](Session&) {
            held = true;
            while (started < others) std::this_thread::yield();
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
          });
        } catch (const Error&) {  // it shares the end of the group
        }
      } else {
        while (!held) std::this_thread::yield();
        ++started;
        write(i);
      }
    });
  }

  Db db;
};

TEST_F(SqliteLaneTest, AFailingBodyOfAGroupRollsBackAlone) {
  std::atomic<int> failed = 0;
  as_one_group(30, [&](int i) {
    try {
      db.write([i](Session& s) {
        s.execute("INSERT INTO item (name) VALUES (:name)", {std::to_string(i)});
        if (i % 3 == 0) throw Error(ErrorCode::InvalidState, "no");
        if (i % 3 == 1) s.execute("INSERT INTO item (name) VALUES (:name)", {std::to_string(i)});
      });
    } catch (const UniqueViolation&) {
      EXPECT_EQ(i % 3, 1);
      ++failed;
    } catch (const Error& error) {
      EXPECT_EQ(i % 3, 0);
      EXPECT_EQ(error.code(), ErrorCode::InvalidState);
      ++failed;
    }
  });
  EXPECT_EQ(failed, 20);
  EXPECT_EQ(count(), 10);
}

TEST_F(SqliteLaneTest, AFailedCommitIsTheAnswerOfAll) {
  db.write([](Session& s) {
    s.execute(
        "CREATE TABLE part (item INTEGER REFERENCES item (id) DEFERRABLE INITIALLY DEFERRED)");
  });
  std::atomic<int> refused = 0;
  as_one_group(3, [&](int i) {
    try {
      db.write([i](Session& s) {
        if (i == 0) return void(s.execute("INSERT INTO part VALUES (7)"));
        if (i == 1) throw Error(ErrorCode::InvalidState, "no");
        s.execute("INSERT INTO item (name) VALUES (NULL)");
      });
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::BadRequest);
      ++refused;
    }
  });
  EXPECT_EQ(refused, 3);
  EXPECT_EQ(count(), 0);
}

TEST_F(SqliteLaneTest, OnlyAFailureThatHasChangedSomethingMakesTheOthersRunAgain) {
  std::atomic<int> runs = 0;
  const auto group_with = [&](const std::string& first) {
    runs = 0;
    as_one_group(4, [&](int i) {
      const auto body = [&](Session& s) {
        ++runs;
        if (i != 0) return void(s.execute("INSERT INTO item (name) VALUES (NULL)"));
        s.each<std::optional<std::int64_t>>("SELECT max(id) FROM item", {}, [](auto) {});
        if (!first.empty()) s.execute(first);
        throw Error(ErrorCode::InvalidState, "no");
      };
      try {
        db.write(body);
        EXPECT_NE(i, 0);
      } catch (const Error&) {
        EXPECT_EQ(i, 0);
      }
    });
  };
  group_with("");
  EXPECT_EQ(runs, 4);
  EXPECT_EQ(count(), 3);
  // A refused statement has undone itself.
  group_with("INSERT INTO item (id) VALUES (1)");
  EXPECT_EQ(runs, 4);
  EXPECT_EQ(count(), 6);
  group_with("CREATE TABLE lost (id INTEGER)");
  EXPECT_GT(runs, 4);
  EXPECT_EQ(count(), 9);
  EXPECT_EQ(count("sqlite_schema WHERE name = 'lost'"), 0);
}

// Each of many failures costs those before it one more run, and no more.
TEST_F(SqliteLaneTest, ManyFailuresThatHaveChangedSomethingStayLinear) {
  std::atomic<int> runs = 0;
  as_one_group(40, [&](int i) {
    try {
      db.write([&](Session& s) {
        ++runs;
        s.execute("INSERT INTO item (name) VALUES (:name)", {std::to_string(i)});
        if (i % 2 == 0) throw Error(ErrorCode::InvalidState, "no");
      });
      EXPECT_EQ(i % 2, 1);
    } catch (const Error&) {
      EXPECT_EQ(i % 2, 0);
    }
  });
  EXPECT_EQ(count(), 20);
  EXPECT_LE(runs, 2 * 40);
}

// SQLite keeps what a statement would need to be undone in a file of its own, which it grows in
// chunks: chunks of megabytes made it fail.
TEST_F(SqliteLaneTest, AStatementMayChangeMegabytes) {
  db.write([](Session& s) {
    s.execute(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)"
        " INSERT INTO item SELECT i, printf('%0100d', i) FROM n");
  });
  db.write([](Session& s) {
    s.execute("UPDATE item SET id = id + 100000, name = name || 'x' WHERE id < 200000");
  });
  EXPECT_EQ(count("item WHERE name LIKE '%x'"), 60000);
}

TEST_F(SqliteLaneTest, ALargeBodyBesideAFailureIsStored) {
  as_one_group(2, [&](int i) {
    if (i == 0) {
      db.write(Load::Large, [](Session& s) {
        for (int row = 0; row < 20'000; ++row) {
          s.execute("INSERT INTO big VALUES (:data)", {std::string(400, 'x')});
        }
      });
      return;
    }
    EXPECT_THROW(db.write([](Session& s) {
      s.execute("INSERT INTO item (id) VALUES (1)");
      s.execute("INSERT INTO item (id) VALUES (1)");
    }),
                 UniqueViolation);
  });
  EXPECT_EQ(count("big"), 20'000);
  EXPECT_EQ(count(), 0);
}

// What a body has seen in a transaction that was undone is not there.
TEST_F(SqliteLaneTest, NothingExistsAlreadyInAGroupThatIsUndone) {
  std::atomic<int> stored = 0;
  std::atomic<int> taken = 0;
  std::atomic<int> failed = 0;
  as_one_group(3, [&](int i) {
    try {
      db.write([&](Session& s) {
        if (i == 2) {  // SQLite gives up the transaction of all, as when a disk is full
          s.execute("INSERT OR ROLLBACK INTO item (id) VALUES (1)");
          s.execute("INSERT OR ROLLBACK INTO item (id) VALUES (1)");
        }
        s.execute("INSERT INTO item (name) VALUES ('new')");
      });
      ++stored;
    } catch (const UniqueViolation&) {
      ++taken;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::InternalError);
      ++failed;
    }
  });
  EXPECT_EQ(stored, count("item WHERE name = 'new'"));
  EXPECT_TRUE(taken == 0 || stored == 1) << "taken by a row that is not there";
  EXPECT_GT(failed, 0);
}

// Who waits does not wait for all that others have in store.
TEST_F(SqliteLaneTest, AGroupEndsAfterAWhile) {
  using Clock = std::chrono::steady_clock;
  std::atomic<int> served_early = 0;
  as_one_group(20, [&](int) {
    db.write([](Session& s) {
      s.execute("INSERT INTO item (name) VALUES (NULL)");
      const auto end = Clock::now() + std::chrono::milliseconds(15);
      while (Clock::now() < end) std::this_thread::yield();
    });
    // Others still wait when the first ones are served.
    if (count() < 20) ++served_early;
  });
  EXPECT_GT(served_early, 0);
  EXPECT_EQ(count(), 20);
}

TEST_F(SqliteLaneTest, LargeBodiesAndSmallOnesTakeTurns) {
  std::atomic<bool> stop = false;
  std::atomic<int> large = 0;
  std::vector<std::thread> writers;
  for (int i = 0; i < 4; ++i) {
    writers.emplace_back([&] {
      while (!stop) {
        db.write(Load::Large, [](Session& s) {
          for (int row = 0; row < 500; ++row) s.execute("INSERT INTO big VALUES ('x')");
        });
        ++large;
      }
    });
  }
  for (int i = 0; i < 20; ++i) {
    const int before = large;
    db.write([](Session& s) { s.execute("INSERT INTO item (name) VALUES (NULL)"); });
    EXPECT_LE(large - before, 3) << "it waited for more than the one under way and the next";
  }
  const int before = large;
  while (large < before + 4) std::this_thread::yield();
  stop = true;
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(count("big"), 500 * large);
}

TEST_F(SqliteLaneTest, ExceptionsOfAnyTypeReachTheirCaller) {
  EXPECT_THROW(db.write([](Session& s) {
    s.execute("INSERT INTO item (name) VALUES ('x')");
    throw std::length_error("other");
  }),
               std::length_error);
  EXPECT_EQ(count(), 0);
}

TEST_F(SqliteLaneTest, ConcurrentWritersSeeEachOthersChangesInTurn) {
  in_threads(64, [&](int) {
    for (int round = 0; round < 5; ++round) {
      db.write([](Session& s) {
        const auto next =
            std::get<0>(*s.first<std::int64_t>("SELECT coalesce(max(id), 0) + 1 FROM item"));
        s.execute("INSERT INTO item (id) VALUES (:id)", {next});
      });
    }
  });
  EXPECT_EQ(count(), 320);
  const auto last = db.read(
      [](Session& s) { return std::get<0>(*s.first<std::int64_t>("SELECT max(id) FROM item")); });
  EXPECT_EQ(last, 320);
}

TEST_F(SqliteLaneTest, AWriteIsSeenByEveryReadAfterIt) {
  in_threads(8, [&](int thread) {
    for (int round = 0; round < 50; ++round) {
      const std::string name = std::to_string(thread) + "/" + std::to_string(round);
      db.write([&](Session& s) { s.execute("INSERT INTO item (name) VALUES (:n)", {name}); });
      EXPECT_TRUE(db.read([&](Session& s) {
        return s.first<std::int64_t>("SELECT id FROM item WHERE name = :n", {name}).has_value();
      }));
    }
  });
}

TEST_F(SqliteLaneTest, ReadsDoNotWaitForAWrite) {
  db.write([&](Session& s) {
    s.execute("INSERT INTO item (name) VALUES ('x')");
    std::thread([this] { EXPECT_EQ(count(), 0); }).join();
  });
  EXPECT_EQ(count(), 1);
}

TEST_F(SqliteLaneTest, ALongReadDoesNotStopWrites) {
  db.read([&](Session& s) {
    s.first<std::int64_t>("SELECT count(*) FROM item");
    std::thread([this] {
      for (int i = 0; i < 20; ++i) {
        db.write([](Session& w) { w.execute("INSERT INTO item (name) VALUES (NULL)"); });
      }
    }).join();
  });
  EXPECT_EQ(count(), 20);
}

// A full disk may end the transaction under all bodies of a group.
TEST_F(SqliteLaneTest, NothingAcknowledgedIsLostWhenTheDiskIsFull) {
  db.write([](Session& s) { s.first<std::int64_t>("PRAGMA max_page_count = 300"); });
  std::atomic<int> acknowledged = 0;
  std::atomic<int> refused = 0;
  in_threads(16, [&](int) {
    for (int round = 0; round < 20; ++round) {
      try {
        db.write([](Session& s) {
          s.execute("INSERT INTO big VALUES (:data)", {std::string(20'000, 'x')});
        });
        ++acknowledged;
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::InternalError);
        ++refused;
      }
    }
  });
  EXPECT_GT(acknowledged, 0);
  EXPECT_GT(refused, 0);
  EXPECT_EQ(count("big"), acknowledged);
  db.write([](Session& s) {
    s.first<std::int64_t>("PRAGMA max_page_count = 1000000");
    s.execute("INSERT INTO big VALUES ('after')");
  });
  EXPECT_EQ(count("big"), acknowledged + 1);
}

TEST_F(SqliteLaneTest, AForeignWriterAndTheLaneBothGetTheirTurns) {
  std::atomic<bool> stop = false;
  std::atomic<int> ours = 0;
  std::vector<std::thread> writers;
  for (int i = 0; i < 8; ++i) {
    writers.emplace_back([&] {
      while (!stop) {
        db.write([](Session& s) { s.execute("INSERT INTO item (name) VALUES (NULL)"); });
        ++ours;
      }
    });
  }
  ForeignConnection foreign(path());
  foreign.set_busy_timeout(20'000);
  constexpr int kForeignWrites = 30;
  for (int i = 0; i < kForeignWrites; ++i) {
    foreign.run("BEGIN IMMEDIATE; INSERT INTO item (name) VALUES (NULL); COMMIT");
  }
  // As soon as possible again and again: the lane must get in between.
  const int before = ours;
  while (ours < before + 20) {
    foreign.run("BEGIN IMMEDIATE; INSERT INTO big VALUES ('x'); COMMIT");
  }
  stop = true;
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(count(), ours + kForeignWrites);
}

TEST_F(SqliteLaneTest, AWriteWaitsForAForeignLock) {
  ForeignConnection foreign(path());
  foreign.run("BEGIN IMMEDIATE; INSERT INTO item (name) VALUES ('foreign')");
  std::thread writer([this] {
    db.write([](Session& s) { s.execute("INSERT INTO item (name) VALUES ('ours')"); });
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(count(), 0);
  foreign.run("COMMIT");
  writer.join();
  EXPECT_EQ(count(), 2);
}

}  // namespace
}  // namespace millrace::lane_test
