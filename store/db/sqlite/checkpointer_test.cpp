#include "store/db/sqlite/checkpointer.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "store/db/sqlite/session.h"
#include "store/suites/database_files.h"

namespace millrace::checkpointer_test {
namespace {

class SqliteCheckpointerTest : public DbTest {
 protected:
  SqliteCheckpointerTest() : writer(path(), SqliteSession::Role::Writer), file(writer, path()) {
    writer.first<std::string>("PRAGMA journal_mode = WAL");
    writer.leave_checkpoints();
    writer.execute("CREATE TABLE item (text TEXT)");
  }

  // So many pages into the log.
  void write(int pages) {
    writer.execute("INSERT INTO item VALUES (:text)",
                   {std::string(std::size_t{4096} * static_cast<std::size_t>(pages), 'x')});
  }
  std::uintmax_t size() { return std::filesystem::file_size(path()); }

  SqliteSession writer;
  SqliteFile file;
};

TEST_F(SqliteCheckpointerTest, WritesALongLogIntoTheFile) {
  SqliteCheckpointer checkpointer(path(), file);
  write(SqliteSession::kCheckpointPages / 2);
  EXPECT_GT(writer.log_pages(), SqliteSession::kCheckpointPages / 2);
  checkpointer.note(writer.log_pages());
  EXPECT_FALSE(checkpointer.is_at_work());
  EXPECT_LT(size(), 100'000);
  write(SqliteSession::kCheckpointPages);
  checkpointer.note(writer.log_pages());
  while (checkpointer.is_at_work()) std::this_thread::yield();
  EXPECT_GT(size(), std::uintmax_t{4096} * SqliteSession::kCheckpointPages);
}

TEST_F(SqliteCheckpointerTest, WaitsWhileAnotherMakesOne) {
  SqliteCheckpointer checkpointer(path(), file);
  write(SqliteSession::kCheckpointPages + 10);
  {
    const auto alone = checkpointer.pause();
    checkpointer.note(writer.log_pages());
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_TRUE(checkpointer.is_at_work());
    EXPECT_LT(size(), 100'000);
  }
  while (checkpointer.is_at_work()) std::this_thread::yield();
  EXPECT_GT(size(), std::uintmax_t{4096} * SqliteSession::kCheckpointPages);
}

TEST_F(SqliteCheckpointerTest, TouchesNoFileThatHasTakenTheDatabasesPlace) {
  SqliteCheckpointer checkpointer(path(), file);
  write(SqliteSession::kCheckpointPages + 10);
  std::filesystem::rename(path(), path("old.db"));
  { std::ofstream(path()) << "another file"; }
  checkpointer.note(writer.log_pages());
  while (checkpointer.is_at_work()) std::this_thread::yield();
  EXPECT_EQ(size(), 12);
  EXPECT_LT(std::filesystem::file_size(path("old.db")), 100'000);
  writer.leave_log_at_close();
}

}  // namespace
}  // namespace millrace::checkpointer_test
