// A database whose migration is half done, as those see it who open it.
#include <gmock/gmock.h>

#include "store/check/findings.h"
#include "store/schema/migration_progress.h"
#include "store/schema/own_tables.h"
#include "store/schema/prepare.h"
#include "store/suites/database_files.h"

namespace millrace::half_done_test {
namespace {

using testing::HasSubstr;

class HalfDoneTest : public DbTest {
 protected:
  HalfDoneTest() {
    Db db(options());
    prepare_schema(db, std::nullopt);
    create_own_tables(db);
  }

  void stop_in_the_middle(bool beside_servers) {
    const auto db = open_administration(parse_database_uri(options().uri));
    save_progress(*db, "f4a9", {}, {.step = 1}, {"millrace db upgrade", beside_servers});
  }

  std::string refusal(const std::function<void(Db&)>& use) {
    Db db(options());
    try {
      use(db);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::InvalidState);
      return error.message();
    }
    return "";
  }

  std::string findings() {
    std::string text;
    const Findings all = check_database(options());
    for (const Finding& one : all.list()) {
      if (one.level != Finding::Level::Fact) text += one.topic + ": " + one.text + "\n";
    }
    return text;
  }

  const std::string kContinued = "'millrace db upgrade sqlite:///" + path() + "' continues it";
};

TEST_F(HalfDoneTest, NoServerStartsAndTheCheckSaysWhy) {
  stop_in_the_middle(false);
  EXPECT_THAT(refusal([](Db& db) { prepare_schema(db, std::nullopt); }), HasSubstr(kContinued));
  EXPECT_THAT(refusal([](Db& db) { check_schema(db); }), HasSubstr("the migration f4a9"));
  EXPECT_THAT(findings(), HasSubstr("schema: "));
  EXPECT_THAT(findings(), HasSubstr(kContinued));
}

TEST_F(HalfDoneTest, BesideServersItIsAnAdvice) {
  stop_in_the_middle(true);
  EXPECT_EQ(refusal([](Db& db) { prepare_schema(db, std::nullopt); }), "");
  EXPECT_THAT(findings(), HasSubstr("migration: the migration f4a9"));
  EXPECT_THAT(findings(), HasSubstr(kContinued));
}

TEST_F(HalfDoneTest, ItsRowIsNotDropped) {
  for (const bool beside_servers : {false, true}) {
    stop_in_the_middle(beside_servers);
    EXPECT_THAT(refusal(detach), HasSubstr(kContinued));
    const auto db = open_administration(parse_database_uri(options().uri));
    db->change("DELETE FROM millrace_migration", {});
  }
  EXPECT_EQ(refusal(detach), "");
}

}  // namespace
}  // namespace millrace::half_done_test
