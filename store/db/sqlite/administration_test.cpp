#include "store/db/administration.h"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "store/suites/database_files.h"

namespace millrace::sqlite_administration_test {
namespace {

using testing::HasSubstr;

class SqliteAdministrationTest : public DbTest {
 protected:
  SqliteAdministrationTest() {
    run_plain(
        "CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT);"
        "CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent (id));"
        "INSERT INTO parent VALUES (1, 'one'), (2, 'two');"
        "INSERT INTO child VALUES (10, 1), (20, 2)");
  }

  std::unique_ptr<Administration> open() const {
    return open_administration(parse_database_uri(options().uri));
  }
  std::string run_plain(const std::string& sql) { return ForeignConnection(path()).run(sql); }

  static std::string refusal(const std::function<void()>& work, ErrorCode code) {
    try {
      work();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code);
      return error.message();
    }
    ADD_FAILURE() << "not refused";
    return "";
  }

  static void rebuild(Administration& db, const std::string& rows) {
    db.transact(ForeignKeys::CheckedAtEnd, [&] {
      db.define("CREATE TABLE new (id BIGINT PRIMARY KEY, name TEXT)");
      db.define("INSERT INTO new SELECT * FROM parent WHERE " + rows);
      db.define("DROP TABLE parent");
      db.define("ALTER TABLE new RENAME TO parent");
    });
  }
};

TEST_F(SqliteAdministrationTest, NeedsTheFile) {
  EXPECT_THAT(refusal([&] { open_administration(parse_database_uri(options("no.db").uri)); },
                      ErrorCode::InvalidState),
              HasSubstr("There is no database"));
}

TEST_F(SqliteAdministrationTest, ARebuildKeepsTheRowsThatReferToTheTable) {
  const auto db = open();
  db->lock();
  rebuild(*db, "true");
  EXPECT_EQ(db->query("SELECT count(*) FROM child").at(0).at(0), "2");
  EXPECT_EQ(db->query("SELECT \"table\" FROM pragma_foreign_key_list('child')").at(0).at(0),
            "parent");
}

TEST_F(SqliteAdministrationTest, RowsThatReferToNothingAreNotCommitted) {
  const auto db = open();
  db->lock();
  EXPECT_THAT(refusal([&] { rebuild(*db, "id = 1"); }, ErrorCode::InvalidState),
              HasSubstr("1 rows of child that refer to rows of parent which are not there"));
  EXPECT_EQ(db->query("SELECT count(*) FROM parent").at(0).at(0), "2");
}

TEST_F(SqliteAdministrationTest, ThoseThatWereThereBeforeMayStay) {
  run_plain("INSERT INTO child VALUES (30, 3)");
  const auto db = open();
  db->lock();
  rebuild(*db, "true");
  EXPECT_THAT(refusal([&] { rebuild(*db, "id = 1"); }, ErrorCode::InvalidState),
              HasSubstr("2 rows of child"));
}

TEST_F(SqliteAdministrationTest, EnforcedKeysAreEnforcedAfterARebuildToo) {
  const auto db = open();
  db->lock();
  rebuild(*db, "true");
  EXPECT_THAT(refusal(
                  [&] {
                    db->transact(ForeignKeys::Enforced,
                                 [&] { db->change("INSERT INTO child VALUES (40, 4)", {}); });
                  },
                  ErrorCode::InvalidState),
              HasSubstr("FOREIGN KEY constraint failed"));
}

TEST_F(SqliteAdministrationTest, KeepsOthersOutUntilItEnds) {
  for (const char* mode : {"PRAGMA journal_mode = DELETE", "PRAGMA journal_mode = WAL"}) {
    run_plain(mode);
    auto db = open();
    db->lock();
    db->lock();
    EXPECT_THROW(run_plain("SELECT count(*) FROM child"), std::runtime_error);
    db->change("UPDATE child SET parent = 1", {});
    EXPECT_THROW(run_plain("SELECT count(*) FROM child"), std::runtime_error);
    db.reset();
    EXPECT_EQ(run_plain("SELECT count(*) FROM child WHERE parent = 1"), "2");
  }
}

TEST_F(SqliteAdministrationTest, IsRefusedBesideAServer) {
  const Db server(options());
  const auto db = open();
  EXPECT_THAT(refusal([&] { db->lock(); }, ErrorCode::TemporarilyUnavailable),
              HasSubstr("stop the server first"));
}

TEST_F(SqliteAdministrationTest, WaitsForAnotherThatIsAlone) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto db = open();
    db->lock();
    if (::write(pipe[1], "x", 1) != 1) ::_exit(1);
    ::sleep(4);  // longer than one waits for a server
    db->change("DELETE FROM child", {});
    ::kill(::getpid(), SIGKILL);
  }
  char byte = 0;
  ASSERT_EQ(::read(pipe[0], &byte, 1), 1);
  const auto db = open();
  db->lock();
  EXPECT_EQ(db->query("SELECT count(*) FROM child").at(0).at(0), "0");
  ::waitpid(child, nullptr, 0);
}

TEST_F(SqliteAdministrationTest, AFullDiskIsToldAndCanBeMended) {
  const auto db = open();
  db->lock();
  db->query("PRAGMA max_page_count = 6");
  const auto fill = [&] {
    db->transact(ForeignKeys::Enforced, [&] {
      db->change("UPDATE parent SET name = 'x' WHERE id = 1", {});
      db->change("UPDATE parent SET name = ? WHERE id = 2", {std::string(50'000, 'y')});
    });
  };
  EXPECT_THAT(refusal(fill, ErrorCode::InsufficientStorage), HasSubstr("full"));
  EXPECT_EQ(db->query("SELECT name FROM parent WHERE id = 1").at(0).at(0), "one");
  db->query("PRAGMA max_page_count = 1000000");
  fill();
  EXPECT_EQ(db->query("SELECT length(name) FROM parent WHERE id = 2").at(0).at(0), "50000");
}

}  // namespace
}  // namespace millrace::sqlite_administration_test
