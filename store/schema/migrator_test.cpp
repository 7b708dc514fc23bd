#include "store/schema/migrator.h"

#include <gmock/gmock.h>

#include "store/schema/own_tables.h"
#include "store/suites/migration_world.h"

namespace millrace::migrator_test {
namespace {

using testing::HasSubstr;
using testing::Not;

class MigratorTest : public MigrationWorld {
 protected:
  // How far it has come: "step position finished".
  std::string progress() const {
    const auto found = load_progress(*open(), "world 2");
    if (!found) return "none";
    return std::to_string(found->step) + (found->backward ? " back" : "") + " '" + found->position +
           "'" + (found->finished ? " finished" : "");
  }

  // What comes of it when nothing interrupts it; leaves the tables as at first.
  std::string migrated(int items) {
    make(items);
    EXPECT_TRUE(run(migration()));
    std::string result = dump();
    make(items);
    return result;
  }

  // The migration with a batch that fails behind the position.
  static Migration failing_at(const std::string& place) {
    Migration result = migration();
    auto& batches = std::get<Batches>(result.steps[2].forward);
    batches.next = [place, next = batches.next](Administration& db, const std::string& position) {
      const auto end = next(db, position);
      if (position == place) throw Error(ErrorCode::InvalidState, "A row is wrong.");
      return end;
    };
    return result;
  }

  // The one whose second step is refused at its second statement.
  static Migration refused_in_the_middle() {
    Migration result = migration();
    auto& definitions = std::get<Definitions>(result.steps[1].forward);
    for (auto* list : {&definitions.sqlite, &definitions.mysql, &definitions.postgresql}) {
      list->insert(list->begin() + 1, "ALTER TABLE world_nowhere ADD COLUMN x INTEGER");
    }
    return result;
  }
};

TEST_P(MigratorTest, DoesAllStepsOnceAndGoesBack) {
  make(25'000);
  const std::string first = dump();
  EXPECT_FALSE(run(migration(), Direction::Back));
  EXPECT_TRUE(run(migration()));
  EXPECT_EQ(progress(), "3 '' finished");
  const std::string second = dump();
  EXPECT_NE(second, first);
  EXPECT_FALSE(run(migration()));
  EXPECT_EQ(dump(), second);
  EXPECT_TRUE(run(migration(), Direction::Back));
  EXPECT_EQ(progress(), "-1 back '' finished");
  EXPECT_EQ(dump(), first);
  EXPECT_FALSE(run(migration(), Direction::Back));
  EXPECT_TRUE(run(migration()));
  EXPECT_EQ(dump(), second);
}

TEST_P(MigratorTest, TellsOfEachStepAndBatch) {
  make(2'500);
  std::vector<std::string> told;
  const auto listener = [&](const MigrationReport& report) {
    told.push_back(std::to_string(report.number) + "/" + std::to_string(report.steps) + " " +
                   std::string(report.step) + " " + std::string(report.position));
  };
  const auto db = open();
  const Migration steps = migration();
  Migrator(*db, steps, listener).run(Direction::Forward);
  EXPECT_EQ(told, (std::vector<std::string>{
                      "1/3 the items get a weight ", "2/3 longer codes ",
                      "3/3 the weights are filled ", "3/3 the weights are filled 1000",
                      "3/3 the weights are filled 2000", "3/3 the weights are filled 2500"}));
  told.clear();
  Migrator(*db, steps, listener).run(Direction::Back);
  EXPECT_EQ(told.front(), "1/3 the weights are filled ");
  EXPECT_EQ(told.back(), "3/3 the items get a weight ");
}

// What another program made of it counts, not the row.
TEST_P(MigratorTest, TheVersionTableSaysWhetherItIsDone) {
  make(100);
  const std::string first = dump();
  EXPECT_TRUE(run(migration()));
  const std::string second = dump();
  make(100);  // as from a backup, but with the row
  {
    const auto db = open();
    db->define(own_table_definition(kMigrationTable));
    save_progress(*db, "world 2", {}, {.step = 3, .finished = true}, {});
  }
  EXPECT_TRUE(run(migration()));
  EXPECT_EQ(dump(), second);
  open()->define(std::string("DROP TABLE ") + kMigrationTable);
  EXPECT_FALSE(run(migration()));
  EXPECT_TRUE(run(migration(), Direction::Back));
  EXPECT_EQ(dump(), first);
}

TEST_P(MigratorTest, WhatIsRefusedInTheMiddleIsContinued) {
  const std::string expected = migrated(2'500);
  const std::string message = failure(refused_in_the_middle(), ErrorCode::InvalidState);
  EXPECT_THAT(message, HasSubstr("The migration world 2 stopped at step 2 of 3 (longer codes)"));
  EXPECT_THAT(message, HasSubstr("world_nowhere"));
  EXPECT_THAT(message, HasSubstr("'world upgrade' goes on from there"));
  EXPECT_EQ(failure(refused_in_the_middle(), ErrorCode::InvalidState), message);
  EXPECT_TRUE(run(migration()));
  EXPECT_EQ(dump(), expected);
}

TEST_P(MigratorTest, ABatchThatFailsLeavesNothingBehind) {
  const std::string expected = migrated(2'500);
  EXPECT_THAT(failure(failing_at("1000"), ErrorCode::InvalidState),
              HasSubstr("step 3 of 3 (the weights are filled). A row is wrong. What"));
  EXPECT_EQ(progress(), "2 '1000'");
  EXPECT_TRUE(run(migration()));
  EXPECT_EQ(dump(), expected);
}

TEST_P(MigratorTest, TurnsRoundInTheMiddle) {
  make(2'500);
  const std::string first = dump();
  for (const Migration& broken : {failing_at(""), failing_at("1000"), refused_in_the_middle()}) {
    failure(broken, ErrorCode::InvalidState);
    EXPECT_TRUE(run(migration(), Direction::Back));
    EXPECT_EQ(dump(), first);
  }
}

TEST_P(MigratorTest, TurnsForwardAgain) {
  const std::string expected = migrated(2'500);
  EXPECT_TRUE(run(migration()));
  Migration broken = migration();
  broken.steps[1].back = broken.steps[0].back;
  auto& definitions = std::get<Definitions>(*broken.steps[1].back);
  definitions = {{"ALTER TABLE world_nowhere ADD COLUMN x INTEGER"},
                 {"ALTER TABLE world_nowhere ADD COLUMN x INTEGER"},
                 {"ALTER TABLE world_nowhere ADD COLUMN x INTEGER"}};
  EXPECT_THAT(failure(broken, ErrorCode::InvalidState, Direction::Back),
              HasSubstr("'world downgrade' goes on"));
  EXPECT_TRUE(run(migration()));
  EXPECT_EQ(dump(), expected);
}

TEST_P(MigratorTest, AWrongEndLeavesTheVersion) {
  const std::string expected = migrated(100);
  Migration wrong = migration();
  wrong.forward.verify = [](Administration&) { return "a column is not there"; };
  EXPECT_THAT(failure(wrong, ErrorCode::InvalidState),
              HasSubstr("so its version was not changed: a column is not there."));
  EXPECT_EQ(progress(), "3 ''");
  EXPECT_EQ(open()->query("SELECT number FROM world_version").at(0).at(0), "1");
  EXPECT_TRUE(run(migration()));
  EXPECT_EQ(dump(), expected);
}

TEST_P(MigratorTest, WhatIsForGoodIsNotTakenBack) {
  make(100);
  EXPECT_TRUE(run(migration()));
  Migration for_good = migration();
  for_good.steps[1].back.reset();
  EXPECT_THAT(failure(for_good, ErrorCode::InvalidState, Direction::Back),
              HasSubstr("cannot be taken back: longer codes is for good"));
  EXPECT_EQ(progress(), "3 '' finished");
}

TEST_P(MigratorTest, ABatchThatDoesNotAdvanceEnds) {
  make(100);
  Migration stuck = migration();
  std::get<Batches>(stuck.steps[2].forward).next = [](Administration&, const std::string&) {
    return std::optional<std::string>("x");
  };
  EXPECT_THAT(failure(stuck, ErrorCode::InternalError), HasSubstr("does not get past 'x'"));
}

TEST_P(MigratorTest, OfTwoAtOnceOneWorks) {
  const std::string expected = migrated(25'000);
  const pid_t one = launch(migration(), Direction::Forward);
  const pid_t other = launch(migration(), Direction::Forward);
  const std::vector<int> ends{end_of(one), end_of(other)};
  EXPECT_THAT(ends, testing::UnorderedElementsAre(0, 3));
  EXPECT_EQ(dump(), expected);
}

MILLRACE_MIGRATION_WORLDS(MigratorTest);

}  // namespace
}  // namespace millrace::migrator_test
