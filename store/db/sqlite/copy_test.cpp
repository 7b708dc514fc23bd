// A copy of a database in use is what it was at one moment, and its use is not disturbed.
#include "store/db/sqlite/copy.h"

#include <gmock/gmock.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "store/suites/database_files.h"

namespace millrace::copy_test {
namespace {

namespace fs = std::filesystem;

class SqliteCopyTest : public DbTest {
 protected:
  // Some MiB of rows, so that a copy takes several steps.
  static void fill(Db& db) {
    db.write([](Session& s) {
      s.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, text TEXT)");
      s.execute(
          "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) "
          "INSERT INTO item SELECT i, hex(randomblob(2000)) FROM n");
    });
  }
  std::string empty_target() const {
    std::ofstream(path("copy.db")).close();
    return path("copy.db");
  }
  void copy(const std::function<void()>& meanwhile = [] {}) {
    copy_sqlite(path(), empty_target(),
                {[&](std::uint64_t done, std::uint64_t total) {
                   EXPECT_LE(done, total);
                   ++steps_;
                   meanwhile();
                 },
                 [] { return false; }});
  }
  // What a copy that must fail says.
  std::string refusal(const std::string& from) {
    try {
      copy_sqlite(from, empty_target(),
                  {[](std::uint64_t, std::uint64_t) {}, [] { return false; }});
    } catch (const Error& error) {
      return error.message();
    }
    return "";
  }
  std::string of_copy(const std::string& sql) const {
    return ForeignConnection(path("copy.db")).run(sql);
  }

  int steps_ = 0;
};

TEST_F(SqliteCopyTest, IsOneMomentWhileOthersWrite) {
  Db db(options());
  fill(db);
  int written = 0;
  copy([&] {
    db.write([](Session& s) { s.execute("UPDATE item SET text = 'late'"); });
    db.write([](Session& s) { s.execute("INSERT INTO item (text) VALUES ('late')"); });
    ++written;
  });
  EXPECT_GT(steps_, 2);
  EXPECT_EQ(of_copy("SELECT count(*) FROM item WHERE text = 'late'"), "0");
  EXPECT_EQ(of_copy("SELECT count(*) FROM item"), "3000");
  EXPECT_EQ(of_copy("PRAGMA integrity_check"), "ok");
  EXPECT_EQ(db.read([](Session& s) {
    return std::get<0>(*s.first<std::int64_t>("SELECT count(*) FROM item"));
  }),
            3000 + written);
}

TEST_F(SqliteCopyTest, HasWhatIsStillInTheLogAndNeedsNone) {
  Db db(options());
  fill(db);
  db.write([](Session& s) { s.execute("INSERT INTO item (text) VALUES ('in the log')"); });
  const auto size = fs::file_size(path("test.db-wal"));
  ASSERT_GT(size, 0U);
  copy();
  EXPECT_EQ(fs::file_size(path("test.db-wal")), size);
  EXPECT_EQ(ForeignConnection(path()).run("PRAGMA journal_mode"), "wal");
  EXPECT_EQ(of_copy("PRAGMA journal_mode"), "delete");
  EXPECT_EQ(of_copy("SELECT count(*) FROM item WHERE text = 'in the log'"), "1");
  EXPECT_FALSE(fs::exists(path("copy.db-wal")));
}

TEST_F(SqliteCopyTest, LeavesADatabaseThatNobodyUsesAsItIs) {
  {
    Db db(options());
    fill(db);
  }
  const auto changed = fs::last_write_time(path());
  copy();
  EXPECT_EQ(fs::last_write_time(path()), changed);
  EXPECT_FALSE(fs::exists(path("test.db-wal")));
  EXPECT_EQ(of_copy("SELECT count(*) FROM item"), "3000");
}

TEST_F(SqliteCopyTest, ADamagedDatabaseIsRefused) {
  {
    Db db(options());
    fill(db);
  }
  std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(1 << 20);
  file << std::string(200'000, 'x');
  file.close();
  EXPECT_THAT(refusal(path()), testing::HasSubstr("is damaged"));
}

TEST_F(SqliteCopyTest, WhatIsNoDatabaseIsRefused) {
  std::ofstream(path()) << std::string(10'000, 'x');
  EXPECT_THAT(refusal(path()), testing::HasSubstr("is not a database"));
  EXPECT_THAT(refusal(path("missing.db")), testing::HasSubstr("Cannot open the database"));
}

TEST_F(SqliteCopyTest, EndsWhereItIsAskedTo) {
  Db db(options());
  fill(db);
  EXPECT_THROW(copy([] { throw std::runtime_error("enough"); }), std::runtime_error);
  db.write([](Session& s) { s.execute("INSERT INTO item (text) VALUES ('goes on')"); });
  std::atomic<bool> asked = false;
  try {
    require_sound_sqlite(path(), [&] { return asked = true; });
    ADD_FAILURE() << "it did not end";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::TemporarilyUnavailable);
  }
  EXPECT_TRUE(asked);
}

}  // namespace
}  // namespace millrace::copy_test
