// Group commit: bodies of one group do not touch each other, and what is acknowledged is stored.
#include "store/db/sqlite/lane.h"

#include <gmock/gmock.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "store/suites/database_files.h"

namespace millrace {
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

TEST_F(SqliteLaneTest, OnlyAFailureThatHasWrittenMakesTheOthersRunAgain) {
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
  group_with("CREATE TABLE lost (id INTEGER)");
  EXPECT_GT(runs, 4);
  EXPECT_EQ(count(), 6);
  EXPECT_EQ(count("sqlite_schema WHERE name = 'lost'"), 0);
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

TEST_F(SqliteLaneTest, NothingIsAcknowledgedWhenTheFileIsGone) {
  int number = 0;
  const auto insert = [&number](Session& s) {
    s.execute("INSERT INTO item (name) VALUES (:name)", {std::to_string(number++)});
  };
  db.write(insert);
  const std::string away = path() + ".away";
  std::filesystem::rename(path(), away);
  try {
    db.write(insert);
    ADD_FAILURE() << "acknowledged";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::TemporarilyUnavailable);
  }
  std::filesystem::rename(away, path());
  db.write(insert);
  EXPECT_EQ(count(), 2);
}

TEST_F(SqliteLaneTest, ALockThatStaysIsReportedAsTemporary) {
  SqliteSession session(path(), SqliteSession::Role::Writer);
  session.set_patience(std::chrono::milliseconds(20));
  ForeignConnection foreign(path());
  foreign.run("BEGIN IMMEDIATE");
  try {
    session.execute("BEGIN IMMEDIATE");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::TemporarilyUnavailable);
  }
  foreign.run("COMMIT");
  session.execute("BEGIN IMMEDIATE");
  session.execute("COMMIT");
}

}  // namespace
}  // namespace millrace
