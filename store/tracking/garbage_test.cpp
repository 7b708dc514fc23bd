#include "store/tracking/garbage.h"

#include <limits>

#include "store/suites/tracking.h"

namespace millrace {
namespace {

std::string join(std::string_view location, std::string_view path) {
  return std::string(location) + "/" + std::string(path);
}

class GarbageTest : public TrackingSuite {
 protected:
  GarbageTest() {
    sql("INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage,"
        " last_update_time, workspace) VALUES"
        " (5, 'five', 's3://b/5', 'active', 1, 'default'),"
        " (6, 'six', 's3://b/6', 'active', 1, 'default')");
  }
  void sql(const std::string& statement) {
    db().write([&](Session& session) { session.execute(statement); });
  }
  std::int64_t count(const std::string& from) {
    return db().read([&](Session& session) {
      return std::get<0>(*session.first<std::int64_t>("SELECT COUNT(*) FROM " + from));
    });
  }
  // With a metric, a param and a tag.
  std::string new_run(std::int64_t experiment = 5) {
    const std::string id = write(tracking::create_run,
                                 {.experiment_id = experiment,
                                  .experiment_text = std::to_string(experiment),
                                  .user_id = "u",
                                  .run_name = "r",
                                  .start_time = 7,
                                  .tags = {{"k", "v"}}},
                                 join)
                               .info.run_id;
    sql("INSERT INTO metrics (run_uuid, \"key\", value, timestamp, step, is_nan) VALUES ('" + id +
        "', 'm', 1, 1, 1, FALSE)");
    sql("INSERT INTO latest_metrics (run_uuid, \"key\", value, timestamp, step, is_nan) VALUES ('" +
        id + "', 'm', 1, 1, 1, FALSE)");
    sql("INSERT INTO params (run_uuid, \"key\", value) VALUES ('" + id + "', 'p', '1')");
    return id;
  }
  std::string deleted_run(std::int64_t experiment = 5) {
    const std::string id = new_run(experiment);
    write(tracking::delete_run, id);
    return id;
  }
  std::string new_model(const std::string& run_id = "", std::int64_t experiment = 5) {
    const std::string id = "m-" + std::to_string(models_made_++);
    sql("INSERT INTO logged_models (model_id, experiment_id, name, artifact_location,"
        " creation_timestamp_ms, last_updated_timestamp_ms, status, lifecycle_stage) VALUES ('" +
        id + "', " + std::to_string(experiment) + ", 'n', 's3://b/models/" + id +
        "/artifacts', 1, 1, 2, 'active')");
    for (const char* table : {"logged_model_params", "logged_model_tags"}) {
      const std::string column = table == std::string("logged_model_tags") ? "tag" : "param";
      sql("INSERT INTO " + std::string(table) + " (model_id, experiment_id, " + column + "_key, " +
          column + "_value) VALUES ('" + id + "', " + std::to_string(experiment) + ", 'k', 'v')");
    }
    if (!run_id.empty()) {
      sql("INSERT INTO logged_model_metrics (model_id, metric_name, metric_timestamp_ms,"
          " metric_step, metric_value, experiment_id, run_id) VALUES ('" +
          id + "', 'm', 1, 1, 1, " + std::to_string(experiment) + ", '" + run_id + "')");
    }
    return id;
  }
  void add_version(const std::string& source, const std::string& run_id = "",
                   const std::string& storage = "") {
    write(registry::create_registered_model, "model" + std::to_string(versions_made_), {}, "");
    write(registry::create_model_version, {.name = "model" + std::to_string(versions_made_++),
                                           .source = source,
                                           .storage_location = storage.empty() ? source : storage,
                                           .run_id = run_id,
                                           .run_link = "",
                                           .description = "",
                                           .tags = {}});
  }
  bool is_used(const std::string& run_id) {
    const auto used = garbage_.used_by_versions({garbage_.run(run_id)});
    return used.contains(run_id);
  }

  int models_made_ = 0;
  int versions_made_ = 0;
  GarbageCollection garbage_{db(), db()};
};

constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();

TEST_P(GarbageTest, OnlyWhatWasDeletedInTimeIsFound) {
  new_run();
  const std::string early = deleted_run();
  const std::string late = deleted_run();
  sql("UPDATE runs SET deleted_time = 100 WHERE run_uuid = '" + early + "'");
  sql("UPDATE runs SET deleted_time = 101 WHERE run_uuid = '" + late + "'");
  const auto found = garbage_.deleted_runs(100);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].id, early);
  EXPECT_EQ(found[0].artifact_uri, "s3://b/5/" + early + "/artifacts");
  EXPECT_EQ(found[0].deleted_ms, 100);
  EXPECT_EQ(garbage_.deleted_runs(kEnd).size(), 2U);
  EXPECT_TRUE(garbage_.deleted_logged_models(kEnd).empty());
  EXPECT_TRUE(garbage_.deleted_experiments().empty());
}

TEST_P(GarbageTest, ARunGoesWithAllItsRows) {
  const std::string kept = new_run();
  const std::string gone = deleted_run();
  new_model(gone);
  garbage_.remove_run(gone);
  EXPECT_EQ(garbage_.run(kept).id, kept);
  EXPECT_MILLRACE_ERROR(garbage_.run(gone), ErrorCode::ResourceDoesNotExist,
                        "Run with id=" + gone + " not found");
  for (const char* table : {"runs", "metrics", "latest_metrics", "params"})
    EXPECT_EQ(count(table), 1) << table;
  EXPECT_EQ(count("tags"), 2);                  // the name's, too
  EXPECT_EQ(count("logged_model_metrics"), 0);  // measured in the run
  EXPECT_EQ(count("logged_models"), 1);
}

TEST_P(GarbageTest, WhatIsNotDeletedStays) {
  const std::string run = new_run();
  const std::string model = new_model(run);
  EXPECT_THROW(garbage_.remove_run(run), Error);
  EXPECT_THROW(garbage_.remove_logged_model(model), Error);
  EXPECT_THROW(garbage_.remove_experiment(5), Error);
  EXPECT_THROW(garbage_.remove_run("nobody"), Error);
  EXPECT_EQ(count("metrics"), 1);
  EXPECT_EQ(count("logged_model_params"), 1);
}

TEST_P(GarbageTest, ALoggedModelGoesWithAllItsRows) {
  const std::string run = new_run();
  const std::string gone = new_model(run);
  new_model(run);
  write(tracking::delete_logged_model, gone);
  ASSERT_EQ(garbage_.deleted_logged_models(kEnd).size(), 1U);
  garbage_.remove_logged_model(gone);
  for (const char* table : {"logged_models", "logged_model_params", "logged_model_tags",
                            "logged_model_metrics", "runs", "metrics"})
    EXPECT_EQ(count(table), 1) << table;
}

TEST_P(GarbageTest, AnExperimentGoesWithAllInIt) {
  new_model(new_run(5), 5);
  new_model(new_run(6), 6);
  sql("INSERT INTO experiment_tags (\"key\", value, experiment_id) VALUES ('k', 'v', 6)");
  sql("INSERT INTO datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type,"
      " dataset_source) VALUES ('d', 6, 'n', 'g', 't', 's')");
  sql("INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, status) VALUES"
      " ('t', 6, 1, 'OK')");
  sql("INSERT INTO trace_tags (\"key\", value, request_id) VALUES ('k', 'v', 't')");
  write(tracking::delete_experiment, 6);
  ASSERT_EQ(garbage_.deleted_experiments().size(), 1U);
  EXPECT_EQ(garbage_.runs_of(6).size(), 1U);
  EXPECT_EQ(garbage_.logged_models_of(6).size(), 1U);
  garbage_.remove_experiment(6);
  EXPECT_THROW(garbage_.experiment(6), Error);
  for (const char* table : {"runs", "metrics", "latest_metrics", "params", "logged_models",
                            "logged_model_params", "logged_model_metrics"})
    EXPECT_EQ(count(table), 1) << table;
  for (const char* table : {"experiment_tags", "datasets", "trace_info", "trace_tags"})
    EXPECT_EQ(count(table), 0) << table;
}

TEST_P(GarbageTest, AVersionUsesItsRunAndWhatItsSourceLiesIn) {
  const std::string named = deleted_run();
  const std::string holds_source = deleted_run();
  const std::string holds_storage = deleted_run();
  const std::string by_uri = deleted_run();
  const std::string unused = deleted_run();
  add_version("s3://elsewhere", named);
  add_version("s3://b/5/" + holds_source + "/artifacts/model");
  add_version("x", "", "s3://b/5/" + holds_storage + "/artifacts");
  add_version("runs:/" + by_uri + "/model");
  add_version("s3://b/5/" + unused + "x/artifacts");
  for (const std::string& id : {named, holds_source, holds_storage, by_uri})
    EXPECT_TRUE(is_used(id)) << id;
  EXPECT_FALSE(is_used(unused));
  EXPECT_EQ(garbage_.used_by_versions({garbage_.run(named)})[named], "version 1 of model 'model0'");
}

TEST_P(GarbageTest, AVersionUsesItsLoggedModelUntilItIsDeleted) {
  const std::string used = new_model();
  const std::string unused = new_model();
  add_version("models:/" + used);
  const std::vector<Garbage> both = {garbage_.logged_model(used), garbage_.logged_model(unused)};
  EXPECT_EQ(garbage_.used_by_versions(both).size(), 1U);
  write(registry::delete_model_version, "model0", 1);
  EXPECT_EQ(garbage_.used_by_versions(both).size(), 0U);
}

// What a location lies in counts even when no id is in it.
TEST_P(GarbageTest, FoldersAreComparedByWholeNames) {
  const std::vector<Garbage> items = {{"a", "/data/run/", "deleted", 1}};
  add_version("/data/running/model");
  EXPECT_TRUE(garbage_.used_by_versions(items).empty());
  add_version("/data/run/model");
  EXPECT_EQ(garbage_.used_by_versions(items).size(), 1U);
}

MILLRACE_REGISTRY_SUITE(GarbageTest);

}  // namespace
}  // namespace millrace
