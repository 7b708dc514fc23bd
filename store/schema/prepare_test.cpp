#include "store/schema/prepare.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <thread>

#include "store/common/clock.h"
#include "store/schema/catalog.h"
#include "store/schema/own_tables.h"
#include "store/suites/database_files.h"

namespace millrace::prepare_test {
namespace {

using testing::HasSubstr;

class SchemaTest : public DbTest {
 protected:
  const DefaultExperiment kDefault{"mlflow-artifacts:/0"};

  // What prepare_schema says against the file as it is, or "".
  std::string refusal(UnknownSchema unknown = UnknownSchema::Refuse) {
    const std::string before = dump();
    Db db(options());
    try {
      prepare_schema(db, kDefault, unknown);
      return "";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::InvalidState);
      EXPECT_EQ(dump(), before) << "a refused database was changed";
      return error.what();
    }
  }

  static constexpr std::array kAllAnswers{UnknownSchema::Refuse, UnknownSchema::ReadOnly,
                                          UnknownSchema::Write};

  // What a newer MLflow may do to it.
  void make_newer() {
    foreign(
        "UPDATE alembic_version SET version_num = 'ffffffffffff';"
        "CREATE TABLE newer (id INTEGER NOT NULL);"
        "ALTER TABLE runs ADD COLUMN newer TEXT;"
        "ALTER TABLE runs ADD COLUMN newest TEXT NOT NULL DEFAULT 'x'");
  }

  void create() {
    Db db(options());
    prepare_schema(db, kDefault);
  }

  std::string foreign(const std::string& sql) { return ForeignConnection(path()).run(sql); }

  // All definitions, and the rows of the tables that are not empty at first.
  std::string dump() {
    return foreign(
        "SELECT group_concat(coalesce(sql, name), char(10)) FROM "
        "(SELECT * FROM sqlite_master ORDER BY rowid)");
  }
};

TEST_F(SchemaTest, AnEmptyFileGetsTheRecordedSchemaTextByText) {
  create();
  std::vector<std::string> expected;
  for (const std::string_view statement : recorded_statements(mlflow_family(), Dialect::Sqlite)) {
    if (statement.starts_with("CREATE")) expected.emplace_back(statement);
  }
  Db db(options());
  std::vector<std::string> found;
  db.read([&found](Session& s) {
    s.each<std::string>("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid", {},
                        [&found](std::string sql) { found.push_back(std::move(sql)); });
  });
  EXPECT_EQ(found, expected);
  EXPECT_GT(found.size(), 100u);
}

TEST_F(SchemaTest, AFreshDatabaseHasTheRowsOfMlflowsFirstStart) {
  const FixedClock clock(1'700'000'000'123);
  create();
  EXPECT_EQ(foreign("SELECT group_concat(version_num) FROM alembic_version"), "dc11669786a5");
  EXPECT_EQ(foreign("SELECT group_concat(name || '|' || description || '|' || "
                    "coalesce(default_artifact_root, 'NULL')) FROM workspaces"),
            "default|Default workspace for legacy resources|NULL");
  EXPECT_EQ(foreign("SELECT group_concat(experiment_id || name || artifact_location || "
                    "lifecycle_stage || creation_time || last_update_time || workspace) "
                    "FROM experiments"),
            "0Defaultmlflow-artifacts:/0active17000000001231700000000123default");
}

TEST_F(SchemaTest, ARegistryGetsNoDefaultExperiment) {
  Db db(options());
  prepare_schema(db, std::nullopt);
  EXPECT_EQ(foreign("SELECT count(*) FROM experiments"), "0");
}

TEST_F(SchemaTest, ADatabaseAtHeadStaysAsItIs) {
  create();
  foreign("UPDATE experiments SET artifact_location = 's3://elsewhere/0'");
  const std::string before = dump();
  EXPECT_EQ(refusal(), "");
  EXPECT_EQ(dump(), before);
  EXPECT_EQ(foreign("SELECT artifact_location FROM experiments"), "s3://elsewhere/0");
}

TEST_F(SchemaTest, AMissingDefaultExperimentIsMade) {
  create();
  foreign("DELETE FROM experiments");
  create();
  EXPECT_EQ(foreign("SELECT name FROM experiments WHERE experiment_id = 0"), "Default");
}

TEST_F(SchemaTest, AnOlderRevisionIsRefusedWithTheCommandToRun) {
  create();
  foreign("UPDATE alembic_version SET version_num = '75868b020152'");
  const std::string message = refusal();
  EXPECT_THAT(message, HasSubstr("75868b020152"));
  EXPECT_THAT(message, HasSubstr("dc11669786a5"));
  EXPECT_THAT(message, HasSubstr("mlflow db upgrade sqlite:///" + path()));
  EXPECT_THAT(message, HasSubstr("3.17.2"));
}

TEST_F(SchemaTest, AFreshDatabaseHasTheRecordedColumnsAndNoOther) {
  create();
  Db db(options());
  RecordedTables recorded = recorded_tables(mlflow_family());
  const Columns found = db.read([](Session& s) { return columns_of(s, Dialect::Sqlite); });
  for (const auto& [table, columns] : found) {
    if (table.starts_with("sqlite_")) continue;
    for (const auto& [column, required] : columns)
      EXPECT_EQ(recorded[table].erase(column), 1U) << table << "." << column;
  }
  for (const auto& [table, missing] : recorded) EXPECT_TRUE(missing.empty()) << table;
}

TEST_F(SchemaTest, AnUnknownRevisionIsRefusedWithTheWaysOut) {
  create();
  make_newer();
  const std::string message = refusal();
  for (const char* words : {"ffffffffffff", "dc11669786a5", "MLflow 3.17.2", "newer Millrace",
                            "--unknown-schema=read-only", "--unknown-schema=write"}) {
    EXPECT_THAT(message, HasSubstr(words));
  }
}

TEST_F(SchemaTest, AnUnknownRevisionIsOnlyReadIfToldSo) {
  create();
  make_newer();
  foreign("DELETE FROM experiments");
  const std::string before = dump();
  {
    Db db(options());
    EXPECT_FALSE(prepare_schema(db, kDefault, UnknownSchema::ReadOnly));
    create_own_tables(db);
    EXPECT_TRUE(db.refuses_writes());
    const std::function<void()> writes[] = {[&] { db.write([](Session&) {}); },
                                            [&] { detach(db); }};
    for (const auto& write : writes) {
      try {
        write();
        ADD_FAILURE() << "written";
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::PermissionDenied);
        EXPECT_THAT(error.what(), HasSubstr("ffffffffffff"));
        EXPECT_THAT(error.what(), HasSubstr("--unknown-schema=read-only"));
      }
    }
    EXPECT_FALSE(db.has_failed_to_write());
  }
  EXPECT_EQ(dump(), before);
  EXPECT_EQ(foreign("SELECT count(*) FROM experiments"), "0");
}

TEST_F(SchemaTest, AnUnknownRevisionIsWrittenToIfToldSo) {
  create();
  make_newer();
  Db db(options());
  prepare_schema(db, kDefault, UnknownSchema::Write);
  create_own_tables(db);
  db.write([](Session& s) { s.execute("UPDATE experiments SET name = 'x'"); });
}

TEST_F(SchemaTest, TheFlagsChangeNothingForAKnownRevision) {
  create();
  Db db(options());
  prepare_schema(db, kDefault, UnknownSchema::ReadOnly);
  EXPECT_FALSE(db.refuses_writes());
  Db empty(options("empty.db"));
  EXPECT_TRUE(prepare_schema(empty, kDefault, UnknownSchema::ReadOnly));
  EXPECT_FALSE(empty.refuses_writes());
}

TEST_F(SchemaTest, AnUnknownRevisionWithoutAColumnIsRefusedWhateverTheFlag) {
  create();
  foreign(
      "UPDATE alembic_version SET version_num = 'ffffffffffff';"
      "ALTER TABLE registered_models RENAME COLUMN description TO text");
  for (const UnknownSchema unknown : kAllAnswers) {
    EXPECT_THAT(refusal(unknown), HasSubstr("no column registered_models.description"));
  }
}

TEST_F(SchemaTest, AnUnknownRevisionWithAColumnThatMustBeFilledCanBeRead) {
  create();
  foreign(
      "UPDATE alembic_version SET version_num = 'ffffffffffff';"
      "DROP TABLE input_tags; CREATE TABLE input_tags (input_uuid VARCHAR(36) NOT NULL, "
      "name VARCHAR(255) NOT NULL, value VARCHAR(500) NOT NULL, newer TEXT NOT NULL)");
  EXPECT_THAT(refusal(UnknownSchema::Write), HasSubstr("input_tags.newer"));
  EXPECT_THAT(refusal(), HasSubstr("read-only"));
  EXPECT_EQ(refusal(UnknownSchema::ReadOnly), "");
}

TEST_F(SchemaTest, AKnownRevisionWithoutATableOrColumnIsRefused) {
  create();
  foreign("ALTER TABLE runs RENAME COLUMN name TO title");
  EXPECT_THAT(refusal(), HasSubstr("dc11669786a5, but it has no column runs.name"));
  foreign("ALTER TABLE runs RENAME COLUMN title TO name; DROP TABLE input_tags");
  for (const UnknownSchema unknown : kAllAnswers) {
    EXPECT_THAT(refusal(unknown), HasSubstr("it has no table input_tags"));
  }
  Db db(options());
  EXPECT_THROW(check_schema(db), Error);
}

TEST_F(SchemaTest, WhatIsNotMlflowsIsRefused) {
  foreign("CREATE TABLE customers (id INTEGER)");
  EXPECT_THAT(refusal(), HasSubstr("alembic_version"));
}

TEST_F(SchemaTest, AnUnfinishedOrAmbiguousVersionTableIsRefused) {
  create();
  foreign("INSERT INTO alembic_version VALUES ('75868b020152')");
  EXPECT_THAT(refusal(), HasSubstr("more than one row"));
  foreign("DELETE FROM alembic_version");
  EXPECT_THAT(refusal(), HasSubstr("no MLflow schema version"));
}

TEST_F(SchemaTest, SeveralServersMayStartOnOneEmptyFile) {
  std::vector<std::thread> servers;
  for (int i = 0; i < 4; ++i) servers.emplace_back([this] { create(); });
  for (std::thread& server : servers) server.join();
  EXPECT_EQ(refusal(), "");
  EXPECT_EQ(foreign("SELECT count(*) FROM alembic_version"), "1");
}

TEST_F(SchemaTest, AKillDuringTheFirstStartLeavesAFileThatStartsAgain) {
  for (int delay_us = 0; delay_us < 60'000; delay_us += 3'000) {
    std::filesystem::remove(path());
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      create();
      while (true) pause();
    }
    std::this_thread::sleep_for(std::chrono::microseconds(delay_us));
    kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(refusal(), "") << delay_us;
    EXPECT_EQ(foreign("SELECT name FROM experiments"), "Default");
    for (const char* end : {"-wal", "-shm", "-journal"}) std::filesystem::remove(path() + end);
  }
}

TEST_F(SchemaTest, DetachDropsAllThatIsOurs) {
  create();
  const std::string before = dump();
  Db db(options());
  db.write([](Session& s) {
    s.execute("CREATE TABLE millrace_jobs (id INTEGER)");
    s.execute("CREATE INDEX millrace_jobs_index ON millrace_jobs (id)");
    s.execute("CREATE INDEX millrace_runs_index ON runs (name)");
    s.execute("CREATE TABLE millrace (id INTEGER)");
  });
  detach(db);
  EXPECT_EQ(dump(), before + "\nCREATE TABLE millrace (id INTEGER)");
}

}  // namespace
}  // namespace millrace::prepare_test
