// How many may wait for the writer of a SQLite file.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <vector>

#include "store/db/waiting_line.h"
#include "store/suites/database_files.h"

namespace millrace::lane_bound_test {
namespace {

constexpr int kMany = static_cast<int>(LineBound::kLongest) + 40;

class SqliteLaneBoundTest : public DbTest {
 protected:
  SqliteLaneBoundTest() : db(options()) {
    db.write([](Session& s) { s.execute("CREATE TABLE item (number INTEGER)"); });
  }

  // How many of so many writes at once are refused, behind one that holds the lane until all have
  // asked or `refused_before` are refused.
  int refused_at_once(const WorkOrder& order, int refused_before) {
    std::atomic<int> asked = 0, refused = 0;
    std::latch held(1);
    std::vector<std::future<void>> writes;
    writes.push_back(std::async(std::launch::async, [&] {
      db.write([&](Session&) {
        held.count_down();
        while (asked < kMany || refused < refused_before) std::this_thread::yield();
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
      });
    }));
    held.wait();
    for (int i = 0; i < kMany; ++i) {
      writes.push_back(std::async(std::launch::async, [&, i] {
        ++asked;
        try {
          db.write(order, [i](Work& work) {
            work.execute("INSERT INTO item VALUES (:number)", {std::int64_t{i}});
          });
        } catch (const Error& error) {
          EXPECT_EQ(error.code(), ErrorCode::Overloaded) << error.what();
          ++refused;
        }
      }));
    }
    for (auto& write : writes) write.get();
    return refused;
  }

  Db db;
};

// The burst itself must be shorter than a stall, which a busy machine does not manage at each try.
TEST_F(SqliteLaneBoundTest, ABurstAfterAQuietTimeIsNoStall) {
  int refused = kMany;
  for (int tries = 0; tries < 20 && refused > 0; ++tries) {
    std::this_thread::sleep_for(LineBound::kStall);
    refused = refused_at_once({}, 0);
  }
  EXPECT_EQ(refused, 0);
}

// Each of them is slow, and holds a thread of the server.
TEST_F(SqliteLaneBoundTest, OfLargeWritesNeverMoreWait) {
  EXPECT_EQ(refused_at_once({.load = Load::Large}, kMany - 128), kMany - 128);
}

}  // namespace
}  // namespace millrace::lane_bound_test
