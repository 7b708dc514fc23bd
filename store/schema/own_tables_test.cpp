#include "store/schema/own_tables.h"

#include <gmock/gmock.h>

#include <thread>

#include "store/schema/prepare.h"
#include "store/suites/database_files.h"

namespace millrace::own_tables_test {
namespace {

using testing::HasSubstr;

constexpr OwnSchema kFirst{1, 1}, kSecond{2, 1}, kThird{3, 3};

class OwnTablesTest : public DbTest {
 protected:
  OwnTablesTest() { prepare_schema(db, std::nullopt); }

  std::optional<OwnSchema> found() { return db.read(own_schema); }
  bool has_model_turns() {
    return ForeignConnection(path()).run(
               "SELECT count(*) FROM sqlite_schema WHERE name = 'millrace_model_turns'") == "1";
  }

  Db db{options()};
};

TEST_F(OwnTablesTest, AreMadeWithTheProgramsVersion) {
  create_own_tables(db);
  EXPECT_EQ(found(), kOwnSchema);
  EXPECT_TRUE(has_model_turns());
}

TEST_F(OwnTablesTest, OfATimeBeforeTheVersionAreTakenOver) {
  create_own_tables(db);
  db.write([](Session& s) {
    s.execute("DROP TABLE millrace_schema");
    s.execute("INSERT INTO millrace_model_turns (name, turn) VALUES ('m', 7)");
  });
  create_own_tables(db);
  EXPECT_EQ(found(), kOwnSchema);
  EXPECT_EQ(ForeignConnection(path()).run("SELECT turn FROM millrace_model_turns"), "7");
}

TEST_F(OwnTablesTest, WithoutTheirRowAreOfAnInterruptedCreation) {
  create_own_tables(db);
  db.write([](Session& s) { s.execute("DELETE FROM millrace_schema"); });
  create_own_tables(db);
  EXPECT_EQ(found(), kOwnSchema);
}

TEST_F(OwnTablesTest, ANewerProgramRaisesTheVersionAndAnOlderOneLeavesIt) {
  create_own_tables(db, kFirst);
  create_own_tables(db, kSecond);
  EXPECT_EQ(found(), kSecond);
  db.write([](Session& s) { s.execute("DROP TABLE millrace_model_turns"); });
  create_own_tables(db, kFirst);
  EXPECT_EQ(found(), kSecond);
  EXPECT_TRUE(has_model_turns());
}

TEST_F(OwnTablesTest, AProgramThatIsTooOldIsRefusedWithBothNumbers) {
  create_own_tables(db, kThird);
  try {
    create_own_tables(db, kSecond);
    ADD_FAILURE() << "not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InvalidState);
    EXPECT_THAT(error.what(), HasSubstr("for programs of version 3 and later"));
    EXPECT_THAT(error.what(), HasSubstr("this one has 2"));
    EXPECT_THAT(error.what(), HasSubstr("Start a Millrace that is as new"));
  }
  EXPECT_EQ(found(), kThird);
}

TEST_F(OwnTablesTest, AreLookedAtBeforeAnythingIsMade) {
  create_own_tables(db, {kOwnSchema.version + 1, kOwnSchema.version + 1});
  EXPECT_THROW(prepare_schema(db, DefaultExperiment{"mlflow-artifacts:/0"}), Error);
  EXPECT_THROW(check_schema(db), Error);
  EXPECT_EQ(ForeignConnection(path()).run("SELECT count(*) FROM experiments"), "0");
}

TEST_F(OwnTablesTest, AreGoneAfterADetachAndMadeByTheNextStart) {
  create_own_tables(db);
  detach(db);
  EXPECT_THROW(found(), Error);
  create_own_tables(db);
  EXPECT_EQ(found(), kOwnSchema);
}

TEST_F(OwnTablesTest, ProgramsOfDifferentVersionsMayStartAtOnce) {
  for (int round = 0; round < 20; ++round) {
    detach(db);
    std::vector<std::thread> programs;
    for (int i = 0; i < 6; ++i) {
      programs.emplace_back([&, program = i % 2 == 0 ? kFirst : kSecond] {
        Db own(options());
        create_own_tables(own, program);
      });
    }
    for (std::thread& program : programs) program.join();
    EXPECT_EQ(found(), kSecond);
    EXPECT_EQ(ForeignConnection(path()).run("SELECT count(*) FROM millrace_schema"), "1");
  }
}

TEST_F(OwnTablesTest, AreAsTheyWereAfterATouchWhichIsAWrite) {
  create_own_tables(db);
  const auto version = [&] {
    return ForeignConnection(path()).run(
        "SELECT group_concat(id || ' ' || version) "
        "FROM millrace_schema");
  };
  ForeignConnection other(path());
  const std::string before = version(), data_version = other.run("PRAGMA data_version");
  db.write(touch_own_schema);
  EXPECT_EQ(version(), before);
  EXPECT_NE(other.run("PRAGMA data_version"), data_version);
}

}  // namespace
}  // namespace millrace::own_tables_test
