// A database whose file was removed or replaced is not touched any more.
#include "store/db/sqlite/file.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <thread>

#include "store/suites/database_files.h"

namespace millrace::file_test {
namespace {

namespace fs = std::filesystem;

class SqliteFileTest : public DbTest {
 protected:
  SqliteFileTest() {
    Db made(options());
    fill(made, "old");
  }

  static void fill(Db& db, const std::string& name) {
    db.write([&](Session& s) {
      s.execute("CREATE TABLE item (name TEXT)");
      s.execute("INSERT INTO item VALUES (:name)", {name});
    });
  }

  static void insert(Db& db) {
    db.write([](Session& s) { s.execute("INSERT INTO item VALUES ('late')"); });
  }
  static std::int64_t count(Db& db) {
    return db.read([](Session& s) {
      return std::get<0>(*s.first<std::int64_t>("SELECT count(*) FROM item"));
    });
  }

  static void expect_lost(Db& db) {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));  // reads look now and then
    for (const auto& use :
         std::vector<std::function<void()>>{[&] { count(db); }, [&] { insert(db); }}) {
      try {
        use();
        ADD_FAILURE() << "it was used";
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::TemporarilyUnavailable);
      }
    }
    EXPECT_TRUE(db.is_lost());
  }

  // Puts a backup that holds one row "backup" in the place of the database.
  void replace() {
    {
      Db backup(options("backup.db"));
      fill(backup, "backup");
    }
    fs::rename(path("backup.db"), path());
  }
  std::string content(const std::string& name = "test.db") {
    ForeignConnection foreign(path(name));
    return foreign.run("SELECT group_concat(name) FROM item");
  }
};

TEST_F(SqliteFileTest, IsWellWhileNobodyTouchesIt) {
  Db db(options());
  insert(db);
  EXPECT_EQ(count(db), 2);
  EXPECT_FALSE(db.is_lost());
}

TEST_F(SqliteFileTest, ReplacedBeforeTheFirstWrite) {
  Db db(options());
  EXPECT_EQ(count(db), 1);
  replace();
  expect_lost(db);
}

TEST_F(SqliteFileTest, ARestoredBackupIsLeftAsItIs) {
  {
    Db db(options());
    for (int i = 0; i < 100; ++i) insert(db);
    EXPECT_EQ(count(db), 101);
    replace();
    expect_lost(db);
    // New sessions would see the new file with the old log.
    std::vector<std::thread> readers;
    for (int i = 0; i < 8; ++i) readers.emplace_back([&] { EXPECT_THROW(count(db), Error); });
    for (std::thread& reader : readers) reader.join();
  }
  EXPECT_TRUE(fs::exists(path() + "-wal.replaced"));
  EXPECT_EQ(content(), "backup");
}

TEST_F(SqliteFileTest, RemovedAndPutBackStaysLost) {
  Db db(options());
  insert(db);
  fs::rename(path(), path() + ".away");
  expect_lost(db);
  fs::rename(path() + ".away", path());
  expect_lost(db);
}

TEST_F(SqliteFileTest, ARemovedLogIsNoticed) {
  Db db(options());
  insert(db);
  ASSERT_TRUE(fs::remove(path() + "-wal"));
  expect_lost(db);
}

}  // namespace
}  // namespace millrace::file_test
