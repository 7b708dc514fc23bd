// Readers and the writer of a SQLite file together.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>
#include <vector>

#include "store/db/sqlite/session.h"
#include "store/suites/database_files.h"

namespace millrace::sqlite_backend_test {
namespace {

class SqliteBackendTest : public DbTest {
 protected:
  SqliteBackendTest() : db(options()) {
    db.write([](Session& s) { s.execute("CREATE TABLE big (data TEXT)"); });
  }

  Db db;
};

TEST_F(SqliteBackendTest, TheLogIsBoundedWhileReadsOverlap) {
  constexpr std::uintmax_t kMostBytes = std::uintmax_t{64} << 20U;
  std::atomic<bool> stop = false;
  std::atomic<int> reads = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&, i] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20 * i));
      while (!stop) {
        db.read([](Session& s) {
          s.first<std::int64_t>("SELECT count(*) FROM sqlite_schema");
          std::this_thread::sleep_for(std::chrono::milliseconds(60));
        });
        ++reads;
      }
    });
  }
  std::uintmax_t longest = 0;
  for (int i = 0; i < 200; ++i) {  // 200 MB
    db.write([](Session& s) {
      s.execute("DELETE FROM big");
      s.execute("INSERT INTO big VALUES (:data)", {std::string(1'000'000, 'x')});
    });
    longest = std::max(longest, std::filesystem::file_size(path() + "-wal"));
  }
  const int before = reads;
  while (reads < before + 3) std::this_thread::yield();  // nobody is held back for good
  stop = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_LT(longest, kMostBytes);
}

// Whoever holds readers back may not come again to release them.
TEST_F(SqliteBackendTest, ReadersGoOnWhenTheLastWriterHasGone) {
  std::atomic<bool> stop = false;
  std::thread slow([&] {
    db.read([&](Session& s) {
      s.first<std::int64_t>("SELECT count(*) FROM sqlite_schema");
      while (!stop) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    });
  });
  for (int i = 0; i < 40; ++i) {
    db.write([](Session& s) {
      s.execute("INSERT INTO big VALUES (:data)", {std::string(1'000'000, 'x')});
    });
  }
  EXPECT_EQ(std::get<0>(*db.read(
                [](Session& s) { return s.first<std::int64_t>("SELECT count(*) FROM big"); })),
            40);
  stop = true;
  slow.join();
}

TEST_F(SqliteBackendTest, ALockThatStaysIsReportedAsTemporary) {
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
}  // namespace millrace::sqlite_backend_test
