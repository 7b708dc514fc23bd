#include "store/db/sqlite/journal.h"

#include <thread>

#include "store/suites/database_files.h"

namespace millrace::journal_test {
namespace {

class SqliteJournalTest : public DbTest {
 protected:
  std::string mode() { return ForeignConnection(path()).run("PRAGMA journal_mode"); }

  static void put(Db& db) {
    db.write([](Session& s) {
      s.execute("CREATE TABLE IF NOT EXISTS item (name TEXT)");
      s.execute("INSERT INTO item VALUES ('x')");
    });
  }
};

TEST_F(SqliteJournalTest, IsWalWhileOpenAndThenWhatItWas) {
  ASSERT_TRUE(on_local_file_system(path())) << "this test needs a local temporary folder";
  {
    Db db(options());
    put(db);
    EXPECT_EQ(mode(), "wal");
  }
  EXPECT_FALSE(std::filesystem::exists(path("test.db-wal")));
  EXPECT_EQ(mode(), "delete");
}

TEST_F(SqliteJournalTest, StaysWalWhereItWasWal) {
  EXPECT_EQ(ForeignConnection(path()).run("PRAGMA journal_mode = WAL"), "wal");
  {
    Db db(options());
    put(db);
  }
  EXPECT_EQ(mode(), "wal");
  EXPECT_EQ(ForeignConnection(path()).run("SELECT count(*) FROM item"), "1");
}

TEST_F(SqliteJournalTest, StaysWalWhileSomebodyElseHasTheFileOpen) {
  auto db = std::make_unique<Db>(options());
  put(*db);
  {
    ForeignConnection foreign(path());
    EXPECT_EQ(foreign.run("SELECT count(*) FROM item"), "1");
    db.reset();
    EXPECT_EQ(foreign.run("PRAGMA journal_mode"), "wal");
    EXPECT_EQ(foreign.run("INSERT INTO item VALUES ('y'); SELECT count(*) FROM item"), "2");
  }
  EXPECT_EQ(ForeignConnection(path()).run("SELECT count(*) FROM item"), "2");
}

TEST_F(SqliteJournalTest, TheSwitchWaitsForOthersForAWhile) {
  ForeignConnection foreign(path());
  foreign.run("PRAGMA busy_timeout = 5000");  // who tries to switch reads at moments
  foreign.run("CREATE TABLE item (name TEXT); BEGIN IMMEDIATE");
  std::thread release([&foreign] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    foreign.run("COMMIT");
  });
  Db db(options());
  release.join();
  EXPECT_EQ(mode(), "wal");
}

TEST_F(SqliteJournalTest, WorksInTheModeFoundWhereOthersKeepTheFileBusy) {
  ForeignConnection foreign(path());
  foreign.run("CREATE TABLE item (name TEXT); BEGIN IMMEDIATE");
  Db db(options());
  foreign.run("COMMIT");
  EXPECT_EQ(mode(), "delete");
  put(db);
  EXPECT_EQ(db.read([](Session& s) { return s.first<std::int64_t>("SELECT count(*) FROM item"); }),
            std::make_tuple(std::int64_t{1}));
}

TEST_F(SqliteJournalTest, UnknownFileSystemsCountAsNotLocal) {
  EXPECT_FALSE(on_local_file_system("/proc/self/x"));
  EXPECT_FALSE(on_local_file_system(path("missing/folder/x")));
}

}  // namespace
}  // namespace millrace::journal_test
