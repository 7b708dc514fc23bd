// Whoever moves a database is alone with it.
#include "store/db/sqlite/exclusive.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "store/suites/database_files.h"

namespace millrace::exclusive_test {
namespace {

namespace fs = std::filesystem;

class SqliteExclusiveTest : public DbTest {
 protected:
  void make() {
    Db db(options());
    db.write([](Session& s) { s.execute("CREATE TABLE item (name TEXT)"); });
  }
  // What is said to who cannot have it, or "".
  std::string refusal() const {
    try {
      SqliteExclusive alone(path());
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::TemporarilyUnavailable);
      return error.message();
    }
    return "";
  }
};

TEST_F(SqliteExclusiveTest, NotWhileADatabaseIsOpen) {
  make();
  {
    const Db db(options());
    EXPECT_THAT(refusal(), testing::HasSubstr("in use by another process; stop the server"));
  }
  EXPECT_EQ(refusal(), "");
}

TEST_F(SqliteExclusiveTest, KeepsOthersOut) {
  make();
  const SqliteExclusive alone(path());
  ForeignConnection other(path());
  EXPECT_THROW(other.run("SELECT count(*) FROM item"), std::runtime_error);
}

// As `mlflow server` does: in this mode an idle connection has no lock.
TEST_F(SqliteExclusiveTest, AnotherProcessIsSeenByItsOpenFile) {
  make();
  const pid_t child = ::fork();
  if (child == 0) {
    const std::ifstream file(path());
    ::pause();
    ::_exit(0);
  }
  std::string said;
  for (int i = 0; i < 500 && said.empty(); ++i) {
    ::usleep(10'000);
    said = refusal();
  }
  EXPECT_THAT(said, testing::HasSubstr("(process " + std::to_string(child) + ")"));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(refusal(), "");
}

TEST_F(SqliteExclusiveTest, WhatACrashLeftInTheLogIsWrittenBack) {
  make();
  {
    Db db(options());
    db.write([](Session& s) { s.execute("INSERT INTO item VALUES ('in the log')"); });
    fs::copy_file(path(), path("left.db"));
    fs::copy_file(path("test.db-wal"), path("left.db-wal"));
  }
  {
    SqliteExclusive alone(path("left.db"));
    alone.write_log_back();
    fs::remove(path("left.db-wal"));
  }
  EXPECT_EQ(ForeignConnection(path("left.db")).run("SELECT count(*) FROM item"), "1");
}

TEST_F(SqliteExclusiveTest, WhatIsNoDatabaseCanBeMovedToo) {
  std::ofstream(path()) << std::string(10'000, 'x');
  EXPECT_EQ(refusal(), "");
}

}  // namespace
}  // namespace millrace::exclusive_test
