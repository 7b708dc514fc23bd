// Who keeps references right is spared foreign keys, and nobody else is.
#include <atomic>
#include <thread>
#include <vector>

#include "store/db/sqlite/lane.h"
#include "store/suites/database_files.h"

namespace millrace::lane_references_test {
namespace {

class SqliteLaneReferencesTest : public DbTest {
 protected:
  SqliteLaneReferencesTest() : db(options()) {
    db.write([](Session& s) {
      s.execute("CREATE TABLE item (id INTEGER PRIMARY KEY)");
      s.execute("CREATE TABLE part (item INTEGER REFERENCES item (id))");
      s.execute("INSERT INTO item (id) VALUES (1)");
    });
  }

  std::int64_t parts() {
    return db.read([](Session& s) {
      return std::get<0>(*s.first<std::int64_t>("SELECT count(*) FROM part"));
    });
  }

  // Whether a part without its item is refused.
  bool refuses(const WorkOrder& order) {
    try {
      db.write(order, [](Session& s) { s.execute("INSERT INTO part VALUES (3)"); });
      return false;
    } catch (const ForeignKeyViolation&) {
      return true;
    }
  }

  Db db;
  const WorkOrder keeps{.load = Load::Large, .references = References::KeptByBody};
};

TEST_F(SqliteLaneReferencesTest, AfterItAllAreChecked) {
  db.write(keeps, [](Session& s) {
    s.execute("INSERT INTO part VALUES (2)");
    s.execute("INSERT INTO item (id) VALUES (2)");
  });
  EXPECT_TRUE(refuses({}));
  EXPECT_THROW(db.write([](Session& s) { s.execute("DELETE FROM item WHERE id = 2"); }),
               ForeignKeyViolation);
  EXPECT_EQ(parts(), 1);
}

TEST_F(SqliteLaneReferencesTest, AfterItsFailureToo) {
  EXPECT_THROW(db.write(keeps,
                        [](Session& s) {
                          s.execute("INSERT INTO part VALUES (4)");
                          throw Error(ErrorCode::BadRequest, "");
                        }),
               Error);
  EXPECT_TRUE(refuses({.load = Load::Large}));
  EXPECT_TRUE(refuses({}));
  EXPECT_EQ(parts(), 0);
}

TEST_F(SqliteLaneReferencesTest, WhoComesWhileItRunsDoesNotJoinIt) {
  std::atomic<int> waiting = 0;
  std::atomic<int> refused = 0;
  std::vector<std::thread> others;
  db.write(keeps, [&](Session& s) {
    for (int i = 0; i < 4; ++i) {
      others.emplace_back([&, i] {
        ++waiting;
        refused += refuses({.load = i % 2 == 0 ? Load::Small : Load::Large}) ? 1 : 0;
      });
    }
    while (waiting < 4) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    s.execute("INSERT INTO part VALUES (1)");
  });
  for (std::thread& other : others) other.join();
  EXPECT_EQ(refused, 4);
  EXPECT_EQ(parts(), 1);
}

}  // namespace
}  // namespace millrace::lane_references_test
