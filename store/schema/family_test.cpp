// A second family beside MLflow's own, in one database. On SQLite, and where MILLRACE_TEST_DATABASE
// names a database, there too.
#include "store/schema/family.h"

#include <gmock/gmock.h>

#include <cstdlib>

#include "store/schema/catalog.h"
#include "store/schema/define.h"
#include "store/schema/own_tables.h"
#include "store/schema/prepare.h"
#include "store/suites/database_files.h"

namespace millrace::family_test {
namespace {

using testing::HasSubstr;

constexpr std::string_view kGardenSqlite =
    "CREATE TABLE beds (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT);\n\n"
    "CREATE TABLE plants (id INTEGER, bed INTEGER);\n\n"
    "CREATE TABLE alembic_version_garden (version_num VARCHAR(32) NOT NULL);\n\n"
    "INSERT INTO alembic_version_garden VALUES ('second');\n\n";
constexpr std::string_view kGardenMysql =
    "CREATE TABLE `beds` (\n  `id` int(11) NOT NULL AUTO_INCREMENT,\n  `name` text,\n"
    "  PRIMARY KEY (`id`)\n);\n\n"
    "CREATE TABLE `plants` (\n  `id` int(11),\n  `bed` int(11)\n);\n\n"
    "CREATE TABLE `alembic_version_garden` (\n  `version_num` varchar(32) NOT NULL,\n"
    "  PRIMARY KEY (`version_num`)\n);\n\n"
    "INSERT INTO `alembic_version_garden` (`version_num`) VALUES ('second');\n\n";

const SchemaFamily kGarden{
    .name = "garden",
    .release = "MLflow 9.9",
    .upgrade = "garden upgrade",
    .version_table = "alembic_version_garden",
    .unfinished_table = "millrace_unfinished_garden",
    .revisions = {{"first", "9.8"}, {"second", "9.9"}},
    .sqlite = kGardenSqlite,
    .mysql = kGardenMysql,
    .postgresql =
        "CREATE TABLE beds (id SERIAL PRIMARY KEY, name TEXT);\n\n"
        "CREATE TABLE plants (id INTEGER, bed INTEGER);\n\n"
        "CREATE TABLE alembic_version_garden (version_num VARCHAR(32) NOT NULL);\n\n"
        "INSERT INTO alembic_version_garden VALUES ('second');\n\n",
};

const SchemaFamilies kBoth{&mlflow_family(), &kGarden};

struct SharedDatabase {
  std::string name;
  std::string uri;  // empty: a file of the test's own
};

std::vector<SharedDatabase> shared_databases() {
  std::vector<SharedDatabase> databases{{"Sqlite", ""}};
  if (const char* uri = std::getenv("MILLRACE_TEST_DATABASE")) databases.push_back({"Server", uri});
  return databases;
}

// On a server the database has MLflow's tables already, from this test or others, and keeps them
// for those that follow; on SQLite it is empty.
class SchemaFamilyTest : public DbTest, public testing::WithParamInterface<SharedDatabase> {
 protected:
  SchemaFamilyTest() : db({GetParam().uri.empty() ? options().uri : GetParam().uri}) {}
  ~SchemaFamilyTest() override {
    if (!GetParam().uri.empty()) drop_garden();
  }

  void drop_garden() {
    define(db, [](Session&) {
      std::vector<std::string> drops;
      for (const char* table : {"beds", "plants", "alembic_version_garden"}) {
        drops.push_back(std::string("DROP TABLE IF EXISTS ") + table);
      }
      return drops;
    });
  }

  bool prepare(const SchemaFamily& family) {
    return prepare_schema(db, family, UnknownSchema::Refuse, kBoth);
  }

  std::string refusal(const SchemaFamily& family) {
    try {
      prepare(family);
      return "";
    } catch (const Error& error) {
      return error.what();
    }
  }

  void run(const std::string& sql) {
    db.write([&sql](Session& s) { s.execute(sql); });
  }

  Db db;
};

TEST_P(SchemaFamilyTest, ComesBesideMlflowsTables) {
  prepare(mlflow_family());
  create_own_tables(db);
  EXPECT_EQ(check_schema(db, kGarden, kBoth), "");
  EXPECT_TRUE(prepare(kGarden));
  EXPECT_FALSE(prepare(kGarden));
  EXPECT_FALSE(prepare(mlflow_family()));
  EXPECT_EQ(check_schema(db, kGarden, kBoth), "second");
  EXPECT_EQ(check_schema(db, mlflow_family(), kBoth), "dc11669786a5");
}

TEST_P(SchemaFamilyTest, HasMessagesOfItsOwn) {
  prepare(mlflow_family());
  prepare(kGarden);
  run("UPDATE alembic_version_garden SET version_num = 'first'");
  EXPECT_THAT(refusal(kGarden), HasSubstr("the garden schema version first (MLflow 9.8), and "
                                          "Millrace needs second (MLflow 9.9)"));
  EXPECT_THAT(refusal(kGarden), HasSubstr("'garden upgrade "));
  EXPECT_EQ(refusal(mlflow_family()), "");
  run("DELETE FROM alembic_version_garden");
  EXPECT_THAT(refusal(kGarden), HasSubstr("no garden schema version in a table "
                                          "alembic_version_garden"));
}

TEST_P(SchemaFamilyTest, LacksATable) {
  prepare(mlflow_family());
  prepare(kGarden);
  define(db, [](Session&) { return std::vector<std::string>{"DROP TABLE plants"}; });
  EXPECT_THAT(refusal(kGarden), HasSubstr("it has no table plants"));
  EXPECT_EQ(refusal(mlflow_family()), "");
}

INSTANTIATE_TEST_SUITE_P(Databases, SchemaFamilyTest, testing::ValuesIn(shared_databases()),
                         [](const auto& database) { return database.param.name; });

class EmptyDatabaseTest : public DbTest {
 protected:
  Db db{options()};
};

TEST_F(EmptyDatabaseTest, TakesTheSecondFamilyFirst) {
  EXPECT_TRUE(prepare_schema(db, kGarden, UnknownSchema::Refuse, kBoth));
  EXPECT_EQ(check_schema(db, mlflow_family(), kBoth), "");
  EXPECT_TRUE(prepare_schema(db, mlflow_family(), UnknownSchema::Refuse, kBoth));
  EXPECT_EQ(check_schema(db, kGarden, kBoth), "second");
  EXPECT_EQ(check_schema(db, mlflow_family(), kBoth), "dc11669786a5");
}

TEST_F(EmptyDatabaseTest, AnotherVersionTableIsNoStranger) {
  db.write([](Session& s) { s.execute("CREATE TABLE alembic_version_other (v TEXT)"); });
  EXPECT_TRUE(prepare_schema(db, std::nullopt));
}

TEST_F(EmptyDatabaseTest, TablesOfAFamilyThatIsNotKnownAreStrangers) {
  prepare_schema(db, kGarden, UnknownSchema::Refuse, kBoth);
  EXPECT_THROW(prepare_schema(db, std::nullopt), Error);
}

TEST_F(EmptyDatabaseTest, TablesWithoutTheirVersionTableAreRefused) {
  db.write([](Session& s) { s.execute("CREATE TABLE plants (id INTEGER)"); });
  EXPECT_THROW(prepare_schema(db, kGarden, UnknownSchema::Refuse, kBoth), Error);
  EXPECT_TRUE(prepare_schema(db, mlflow_family(), UnknownSchema::Refuse, kBoth));
}

// As on MySQL, where an interrupted creation leaves it.
TEST_F(EmptyDatabaseTest, AnUnfinishedFamilyIsNotTheOthersConcern) {
  db.write([](Session& s) { s.execute("CREATE TABLE millrace_unfinished_garden (id INTEGER)"); });
  EXPECT_TRUE(prepare_schema(db, mlflow_family(), UnknownSchema::Refuse, kBoth));
  EXPECT_FALSE(prepare_schema(db, mlflow_family(), UnknownSchema::Refuse, kBoth));
  EXPECT_EQ(check_schema(db, kGarden, kBoth), "");
}

}  // namespace
}  // namespace millrace::family_test
