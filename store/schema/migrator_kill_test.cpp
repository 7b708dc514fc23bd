// SIGKILL behind each statement of a migration in turn: the next run ends as one that nothing has
// interrupted.
#include "store/suites/migration_world.h"

namespace millrace::migrator_kill_test {
namespace {

class MigratorKillTest : public MigrationWorld {
 protected:
  // Three batches, as few rows as that takes, since each statement has its turn.
  static Migration small_migration() { return migration(100); }
  void make_small() { make(250); }

  // From the state that `prepare` makes.
  void kill_behind_each_statement(Direction direction, const std::function<void()>& prepare) {
    prepare();
    EXPECT_TRUE(run(small_migration(), direction));
    const std::string expected = dump();
    for (int statement = 1;; ++statement) {
      prepare();
      const int end = end_of(launch(small_migration(), direction, statement));
      if (end == 0) {
        EXPECT_GT(statement, 20);
        break;
      }
      ASSERT_EQ(end, -1) << statement;
      run(small_migration(), direction);
      ASSERT_EQ(dump(), expected) << statement;
      ASSERT_FALSE(run(small_migration(), direction)) << statement;
    }
    EXPECT_EQ(dump(), expected);
  }
};

TEST_P(MigratorKillTest, Forward) {
  kill_behind_each_statement(Direction::Forward, [this] { make_small(); });
}

TEST_P(MigratorKillTest, Back) {
  kill_behind_each_statement(Direction::Back, [this] {
    make_small();
    run(small_migration());
  });
}

TEST_P(MigratorKillTest, AtAnyMoment) {
  make(2'500);
  run(migration());
  const std::string expected = dump();
  for (int delay_us = 0; delay_us < 80'000; delay_us += 8'000) {
    make(2'500);
    const pid_t child = launch(migration(), Direction::Forward);
    ::usleep(static_cast<useconds_t>(delay_us));
    ::kill(child, SIGKILL);
    end_of(child);
    run(migration());
    ASSERT_EQ(dump(), expected) << delay_us;
  }
}

MILLRACE_MIGRATION_WORLDS(MigratorKillTest);

}  // namespace
}  // namespace millrace::migrator_kill_test
