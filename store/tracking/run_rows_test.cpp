#include "store/tracking/run_rows.h"

#include <cmath>

#include "store/suites/tracking.h"

namespace millrace::run_rows_test {
namespace {

class RunRowsTest : public TrackingSuite {
 protected:
  void run_sql(const std::string& sql) {
    db().write([&](Work& work) { work.execute(sql); });
  }
  void add_run(const std::string& id, const std::string& name, const std::string& stage) {
    db().write([&](Work& work) {
      work.execute(
          "INSERT INTO runs (run_uuid, experiment_id, name, user_id, status, start_time,"
          " artifact_uri, lifecycle_stage) VALUES (:id, 0, :name, 'u', 'RUNNING', 7, 'uri', "
          ":stage)",
          {id, name, stage});
    });
  }
  millrace::Run load(const std::string& id) {
    return db().read([&](Work& work) { return runs::load_run(work, id); });
  }
};

TEST_P(RunRowsTest, TheWholeRunWithoutThoseOfOthers) {
  add_run("r1", "one", kActive);
  add_run("r2", "two", kDeleted);
  run_sql(
      "INSERT INTO latest_metrics (\"key\", value, timestamp, step, is_nan, run_uuid) VALUES"
      " ('z', 1.5, 10, 1, FALSE, 'r1'), ('a', 0, 11, 2, TRUE, 'r1'), ('m', 3, 12, 3, FALSE, 'r2')");
  run_sql("INSERT INTO params (\"key\", value, run_uuid) VALUES ('p', '1', 'r1'), ('q', '', 'r2')");
  run_sql("INSERT INTO tags (\"key\", value, run_uuid) VALUES ('t', 'v', 'r1'), ('t', 'w', 'r2')");
  run_sql(
      "INSERT INTO datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type,"
      " dataset_source, dataset_schema) VALUES ('d1', 0, 'n', 'x', 'local', 's', 'schema'),"
      " ('d2', 0, 'n', 'y', 'local', 's', NULL)");
  run_sql(
      "INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id,"
      " step) VALUES ('i1', 'DATASET', 'd1', 'RUN', 'r1', 0), ('i2', 'DATASET', 'd2', 'RUN', 'r1', "
      "0),"
      " ('i3', 'RUN_INPUT', 'r1', 'MODEL_INPUT', 'm-1', 0),"
      " ('i4', 'RUN_OUTPUT', 'r1', 'MODEL_OUTPUT', 'm-3', 4),"
      " ('i5', 'RUN_OUTPUT', 'r1', 'MODEL_OUTPUT', 'm-2', 5),"
      " ('i6', 'RUN_OUTPUT', 'r2', 'MODEL_OUTPUT', 'm-9', 0)");
  run_sql(
      "INSERT INTO input_tags (input_uuid, name, value) VALUES ('i1', 'z', '1'), ('i1', 'a', '2')");
  const auto run = load("r1");
  EXPECT_EQ(run.info.experiment_id, "0");
  EXPECT_EQ(run.info.start_time, 7);
  EXPECT_EQ(run.info.end_time, std::nullopt);
  ASSERT_EQ(run.metrics.size(), 2U);
  const bool by_insertion = db().dialect() != Dialect::Mysql;
  EXPECT_EQ(run.metrics[0].key, by_insertion ? "z" : "a");
  const Metric& nan = run.metrics[by_insertion ? 1 : 0];
  EXPECT_TRUE(std::isnan(nan.value));
  EXPECT_EQ(nan.timestamp, 11);
  EXPECT_EQ(nan.step, 2);
  EXPECT_EQ(text_of(run.params), "p=1");
  EXPECT_EQ(text_of(run.tags), "t=v");
  ASSERT_EQ(run.dataset_inputs.size(), 2U);
  EXPECT_EQ(run.dataset_inputs[0].dataset.digest, "x");
  EXPECT_EQ(run.dataset_inputs[0].dataset.schema, "schema");
  EXPECT_EQ(text_of(run.dataset_inputs[0].tags), "a=2 z=1");
  EXPECT_EQ(run.dataset_inputs[1].dataset.schema, std::nullopt);
  EXPECT_EQ(text_of(run.dataset_inputs[1].tags), "");
  EXPECT_EQ(text_of(run.model_inputs), "m-1");
  ASSERT_EQ(run.model_outputs.size(), 2U);
  EXPECT_EQ(run.model_outputs[0].model_id, "m-2");
  EXPECT_EQ(run.model_outputs[0].step, 5);
  EXPECT_EQ(load("r2").model_outputs.size(), 1U);
}

TEST_P(RunRowsTest, ARunWithoutANameHasThatOfItsTag) {
  add_run("r1", "", kActive);
  run_sql("INSERT INTO tags (\"key\", value, run_uuid) VALUES ('mlflow.runName', 'tagged', 'r1')");
  EXPECT_EQ(load("r1").info.run_name, "tagged");
}

TEST_P(RunRowsTest, OnlyActiveRunsPassWhereTheyMustBe) {
  add_run("r1", "one", kActive);
  add_run("r2", "two", kDeleted);
  db().read([&](Work& work) {
    EXPECT_EQ(runs::require_active_run(work, "r1").run_name, "one");
    EXPECT_EQ(runs::require_run(work, "r2").lifecycle_stage, kDeleted);
    EXPECT_MILLRACE_ERROR(runs::require_active_run(work, "r2"), ErrorCode::InvalidParameterValue,
                          "The run r2 must be in the 'active' state. Current state is deleted.");
    EXPECT_MILLRACE_ERROR(runs::require_active_run(work, "r3"), ErrorCode::ResourceDoesNotExist,
                          "Run with id=r3 not found");
  });
}

}  // namespace

MILLRACE_REGISTRY_SUITE(RunRowsTest);

}  // namespace millrace::run_rows_test
