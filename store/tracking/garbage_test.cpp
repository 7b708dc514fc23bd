#include "store/tracking/garbage.h"

#include <limits>

#include "store/suites/tracking.h"

namespace millrace::garbage_test {
namespace {

using tracking::Garbage;
using tracking::GarbageKind;
using tracking::Removal;
using tracking::RemovalRules;
using Outcome = tracking::Removal::Outcome;

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
  Garbage run(const std::string& id) {
    return db().read([&](Work& work) { return tracking::garbage_run(work, id); });
  }
  Garbage logged_model(const std::string& id) {
    return db().read([&](Work& work) { return tracking::garbage_logged_model(work, id); });
  }
  std::vector<Garbage> found_runs(std::int64_t until_ms) {
    return db().read([&](Work& work) { return tracking::deleted_runs(work, until_ms); });
  }
  std::vector<Garbage> found_logged_models(std::int64_t until_ms) {
    return db().read([&](Work& work) { return tracking::deleted_logged_models(work, until_ms); });
  }
  Removal remove_run(const std::string& id, const RemovalRules& rules = {}) {
    return db().write([&](Work& work) { return tracking::hard_delete_run(work, id, rules); });
  }
  Removal remove_logged_model(const std::string& id, const RemovalRules& rules = {}) {
    return db().write(
        [&](Work& work) { return tracking::hard_delete_logged_model(work, id, rules); });
  }
  Removal remove_experiment(std::int64_t id, const RemovalRules& rules = {}) {
    return db().write(
        [&](Work& work) { return tracking::hard_delete_experiment(work, id, rules); });
  }
  // "run x s3://b/x", ...
  std::vector<std::string> trash() {
    std::vector<std::string> lines;
    for (const tracking::Trash& item : db().read(tracking::list_trash)) {
      EXPECT_GT(item.removed_ms, 0);
      lines.push_back(std::string(name_of(item.kind)) + " " + item.id + " " + item.artifact_uri);
    }
    return lines;
  }
  tracking::VersionUsers users_of(const std::vector<Garbage>& items) {
    tracking::UseQuestions questions;
    for (const Garbage& item : items) questions.add(item.id, item.artifact_uri);
    return db().read([&](Work& work) { return questions.answer(work); });
  }
  bool is_used(const std::string& run_id) { return users_of({run(run_id)}).contains(run_id); }

  int models_made_ = 0;
  int versions_made_ = 0;
};

constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();

TEST_P(GarbageTest, OnlyWhatWasDeletedInTimeIsFound) {
  new_run();
  const std::string early = deleted_run();
  const std::string late = deleted_run();
  sql("UPDATE runs SET deleted_time = 100 WHERE run_uuid = '" + early + "'");
  sql("UPDATE runs SET deleted_time = 101 WHERE run_uuid = '" + late + "'");
  const auto found = found_runs(100);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].id, early);
  EXPECT_EQ(found[0].artifact_uri, "s3://b/5/" + early + "/artifacts");
  EXPECT_EQ(found[0].deleted_ms, 100);
  EXPECT_EQ(found_runs(kEnd).size(), 2U);
  EXPECT_TRUE(found_logged_models(kEnd).empty());
  EXPECT_TRUE(db().read(tracking::deleted_experiments).empty());
}

TEST_P(GarbageTest, ARunGoesWithAllItsRows) {
  const std::string kept = new_run();
  const std::string gone = deleted_run();
  new_model(gone);
  EXPECT_EQ(remove_run(gone).outcome, Outcome::Removed);
  EXPECT_EQ(run(kept).id, kept);
  EXPECT_MILLRACE_ERROR(run(gone), ErrorCode::ResourceDoesNotExist,
                        "Run with id=" + gone + " not found");
  for (const char* table : {"runs", "metrics", "latest_metrics", "params"})
    EXPECT_EQ(count(table), 1) << table;
  EXPECT_EQ(count("tags"), 2);                  // the name's, too
  EXPECT_EQ(count("logged_model_metrics"), 0);  // measured in the run
  EXPECT_EQ(count("logged_models"), 1);
}

TEST_P(GarbageTest, WhatWasRemovedIsListedUntilItsFilesAreGone) {
  const std::string id = deleted_run();
  const Removal removal = remove_run(id);
  ASSERT_EQ(removal.trash.size(), 1U);
  EXPECT_EQ(removal.trash[0].artifact_uri, "s3://b/5/" + id + "/artifacts");
  const std::vector<std::string> line = {"Run " + id + " s3://b/5/" + id + "/artifacts"};
  EXPECT_EQ(trash(), line);
  EXPECT_EQ(remove_run(id).outcome, Outcome::Gone);
  EXPECT_EQ(trash(), line);
  // A run that was put back by hand is told from one that is gone, and listed once.
  const auto is_back = [&](const std::string& one) {
    return read(tracking::ids_with_rows_again, {{GarbageKind::Run, one, "", 0}}).contains(one);
  };
  EXPECT_FALSE(is_back(id));
  EXPECT_TRUE(is_back(new_run()));
  db().write([&](Work& work) { tracking::put_into_trash(work, removal.trash); });
  EXPECT_EQ(trash(), line);
  write(tracking::forget_trash, removal.trash);
  EXPECT_TRUE(trash().empty());
}

TEST_P(GarbageTest, NothingIsListedOfWhatHasNoPlace) {
  const std::string id = deleted_run();
  sql("UPDATE runs SET artifact_uri = NULL WHERE run_uuid = '" + id + "'");
  EXPECT_EQ(remove_run(id).outcome, Outcome::Removed);
  EXPECT_TRUE(trash().empty());
}

TEST_P(GarbageTest, WhatIsNotDeletedStays) {
  const std::string active = new_run();
  const std::string model = new_model(active);
  for (const Removal& removal :
       {remove_run(active), remove_logged_model(model), remove_experiment(5)}) {
    EXPECT_EQ(removal.outcome, Outcome::Kept);
    EXPECT_EQ(removal.reason, "it is not deleted any more");
  }
  EXPECT_EQ(remove_run("nobody").outcome, Outcome::Gone);
  EXPECT_EQ(count("metrics"), 1);
  EXPECT_EQ(count("logged_model_params"), 1);
  EXPECT_TRUE(trash().empty());
}

// It was old enough when it was chosen; then it was restored, and deleted again.
TEST_P(GarbageTest, WhatWasDeletedAnewStays) {
  const std::string id = deleted_run();
  sql("UPDATE runs SET deleted_time = 101 WHERE run_uuid = '" + id + "'");
  const Removal removal = remove_run(id, {.until_ms = 100});
  EXPECT_EQ(removal.outcome, Outcome::Kept);
  EXPECT_EQ(removal.reason, "it was deleted anew since");
  EXPECT_EQ(remove_run(id, {.until_ms = 101}).outcome, Outcome::Removed);
}

TEST_P(GarbageTest, ARunThatAVersionNamesStays) {
  const std::string id = deleted_run();
  add_version("s3://elsewhere", id);
  const Removal removal = remove_run(id);
  EXPECT_EQ(removal.outcome, Outcome::Kept);
  EXPECT_EQ(removal.reason, "version 1 of model 'model0' uses it");
  EXPECT_EQ(run(id).id, id);
  EXPECT_TRUE(trash().empty());
  write(registry::delete_model_version, "model0", 1);
  EXPECT_EQ(remove_run(id).outcome, Outcome::Removed);
}

// Each ends with the run active and whole, or gone and listed.
TEST_P(GarbageTest, ARestoreWinsOrFindsNothing) {
  for (int round = 0; round < 20; ++round) {
    const std::string id = deleted_run();
    Outcome outcome = Outcome::Gone;
    at_once(2, [&](int i) {
      if (i == 0) {
        write(tracking::restore_run, id);
      } else {
        outcome = remove_run(id).outcome;
      }
    });
    const bool is_there = count("runs WHERE run_uuid = '" + id + "'") == 1;
    EXPECT_EQ(outcome, is_there ? Outcome::Kept : Outcome::Removed);
    EXPECT_EQ(count("params WHERE run_uuid = '" + id + "'"), is_there ? 1 : 0);
    EXPECT_EQ(count("millrace_trash WHERE id = '" + id + "'"), is_there ? 0 : 1);
  }
}

TEST_P(GarbageTest, ALoggedModelGoesWithAllItsRows) {
  const std::string of = new_run();
  const std::string gone = new_model(of);
  new_model(of);
  write(tracking::delete_logged_model, gone);
  ASSERT_EQ(found_logged_models(kEnd).size(), 1U);
  EXPECT_EQ(remove_logged_model(gone).outcome, Outcome::Removed);
  for (const char* table : {"logged_models", "logged_model_params", "logged_model_tags",
                            "logged_model_metrics", "runs", "metrics"})
    EXPECT_EQ(count(table), 1) << table;
  EXPECT_EQ(trash(), (std::vector<std::string>{"Logged model " + gone + " s3://b/models/" + gone +
                                               "/artifacts"}));
}

TEST_P(GarbageTest, AnExperimentGoesWithAllInIt) {
  new_model(new_run(5), 5);
  const std::string of_six = new_run(6);
  const std::string model = new_model(of_six, 6);
  sql("INSERT INTO experiment_tags (\"key\", value, experiment_id) VALUES ('k', 'v', 6)");
  sql("INSERT INTO datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type,"
      " dataset_source) VALUES ('d', 6, 'n', 'g', 't', 's')");
  sql("INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, status) VALUES"
      " ('t', 6, 1, 'OK')");
  sql("INSERT INTO trace_tags (\"key\", value, request_id) VALUES ('k', 'v', 't')");
  write(tracking::delete_experiment, 6);
  ASSERT_EQ(db().read(tracking::deleted_experiments).size(), 1U);
  const auto in_it = [&](auto list) {
    return db().read([&](Work& w) { return list(w, 6).size(); });
  };
  EXPECT_EQ(in_it(tracking::garbage_runs_of), 1U);
  EXPECT_EQ(in_it(tracking::garbage_logged_models_of), 1U);
  const Removal early = remove_experiment(6);
  EXPECT_EQ(early.outcome, Outcome::Kept);
  EXPECT_EQ(early.reason, "run " + of_six + " is in it");
  EXPECT_EQ(remove_run(of_six).outcome, Outcome::Removed);
  EXPECT_EQ(remove_experiment(6).outcome, Outcome::Removed);
  EXPECT_EQ(remove_experiment(6).outcome, Outcome::Gone);
  for (const char* table : {"runs", "metrics", "latest_metrics", "params", "logged_models",
                            "logged_model_params", "logged_model_metrics"})
    EXPECT_EQ(count(table), 1) << table;
  for (const char* table : {"experiment_tags", "datasets", "trace_info", "trace_tags"})
    EXPECT_EQ(count(table), 0) << table;
  EXPECT_EQ(trash(), (std::vector<std::string>{
                         "Logged model " + model + " s3://b/models/" + model + "/artifacts",
                         "Run " + of_six + " s3://b/6/" + of_six + "/artifacts"}));
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
  EXPECT_EQ(users_of({run(named)})[named], "version 1 of model 'model0'");
}

TEST_P(GarbageTest, AVersionUsesItsLoggedModelUntilItIsDeleted) {
  const std::string used = new_model();
  const std::string unused = new_model();
  add_version("models:/" + used);
  const std::vector<Garbage> both = {logged_model(used), logged_model(unused)};
  EXPECT_EQ(users_of(both).size(), 1U);
  write(registry::delete_model_version, "model0", 1);
  EXPECT_EQ(users_of(both).size(), 0U);
}

// What a location lies in counts even when no id is in it.
TEST_P(GarbageTest, FoldersAreComparedByWholeNames) {
  const std::vector<Garbage> items = {{GarbageKind::Run, "a", "/data/run/", "deleted", 1}};
  add_version("/data/running/model");
  EXPECT_TRUE(users_of(items).empty());
  add_version("/data/run/model");
  EXPECT_EQ(users_of(items).size(), 1U);
}

MILLRACE_REGISTRY_SUITE(GarbageTest);

}  // namespace
}  // namespace millrace::garbage_test
