// kill -9 in the middle of writes loses nothing that was acknowledged.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <thread>

#include "store/suites/database_files.h"

namespace millrace::kill_test {
namespace {

class SqliteKillTest : public DbTest {
 protected:
  // Writes numbers from eight threads, each number to `pipe` once it is acknowledged, until killed.
  [[noreturn]] void write_until_killed(int pipe) {
    Db db(options());
    db.write([](Session& s) {
      s.execute("CREATE TABLE IF NOT EXISTS item (id INTEGER PRIMARY KEY, data TEXT)");
    });
    const auto start = std::get<0>(*db.read([](Session& s) {
      return s.first<std::int64_t>("SELECT coalesce(max(id), 0) + 1 FROM item");
    }));
    std::atomic<std::int64_t> next = start;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        while (true) {
          const std::int64_t id = next++;
          db.write([id](Session& s) {
            s.execute("INSERT INTO item VALUES (:id, :data)", {id, std::string(500, 'x')});
          });
          if (::write(pipe, &id, sizeof id) != sizeof id) _exit(1);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    _exit(1);
  }
};

TEST_F(SqliteKillTest, NothingAcknowledgedIsLost) {
  for (int round = 0; round < 10; ++round) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      close(pipe[0]);
      write_until_killed(pipe[1]);
    }
    close(pipe[1]);
    std::vector<std::int64_t> acknowledged;
    std::int64_t id = 0;
    while (acknowledged.size() < 50 + 37u * static_cast<unsigned>(round) &&
           read(pipe[0], &id, sizeof id) == sizeof id) {
      acknowledged.push_back(id);
    }
    kill(child, SIGKILL);
    while (read(pipe[0], &id, sizeof id) == sizeof id) acknowledged.push_back(id);
    close(pipe[0]);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));

    Db db(options());
    db.read([&acknowledged](Session& s) {
      EXPECT_EQ(s.first<std::string>("PRAGMA integrity_check"), std::make_tuple(std::string("ok")));
      for (const std::int64_t expected : acknowledged) {
        EXPECT_TRUE(s.first<std::int64_t>("SELECT 1 FROM item WHERE id = :id", {expected}))
            << expected;
      }
    });
  }
}

}  // namespace
}  // namespace millrace::kill_test
