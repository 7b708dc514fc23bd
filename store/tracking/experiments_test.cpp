#include <algorithm>

#include "store/suites/tracking.h"

namespace millrace::tracking_experiments_test {
namespace {

std::string location_of(std::int64_t id) { return "mlflow-artifacts:/" + std::to_string(id); }

class ExperimentsTest : public TrackingSuite {
 protected:
  std::int64_t create(const std::string& name, const std::vector<Tag>& tags = {}) {
    return write(tracking::create_experiment, name, location_of, tags);
  }

  void execute(const std::string& sql) {
    db().write([&](Work& work) { work.execute(sql); });
  }

  void add_run(const std::string& id, std::int64_t experiment, const std::string& stage) {
    db().write([&](Work& work) {
      work.execute(
          "INSERT INTO runs (run_uuid, name, experiment_id, lifecycle_stage, status, source_type)"
          " VALUES (:id, :name, :experiment, :stage, 'RUNNING', 'UNKNOWN')",
          {id, id, experiment, stage});
    });
  }

  // "one:active two:deleted*"; the star says that deleted_time is set.
  std::string stages() {
    return db().read([](Work& work) {
      std::string text;
      work.each<std::string, std::string, std::optional<std::int64_t>>(
          "SELECT run_uuid, lifecycle_stage, deleted_time FROM runs ORDER BY run_uuid", {},
          [&text](const std::string& id, const std::string& stage,
                  std::optional<std::int64_t> deleted) {
            text += (text.empty() ? "" : " ") + id + ":" + stage + (deleted ? "*" : "");
          });
      return text;
    });
  }

  // Names, and "..." when there are more.
  std::string found(const std::string& filter, const std::vector<std::string>& order,
                    std::int64_t max_results = 100, std::int64_t offset = 0,
                    ViewType view = ViewType::ActiveOnly) {
    std::vector<std::string> names;
    const auto keep = [&names](const Experiment& experiment) {
      names.push_back(experiment.name + (experiment.tags.empty() ? "" : "/") +
                      text_of(experiment.tags));
    };
    if (read(tracking::search_experiments, search::parse_experiment_search(filter, order), view,
             max_results, offset, keep)) {
      names.emplace_back("...");
    }
    return text_of(names);
  }
};

TEST_P(ExperimentsTest, CreateAndGet) {
  const std::int64_t id = create("first", {{"b", "1"}, {"a", "2"}});
  EXPECT_EQ(id, 1);
  const Experiment experiment = read(tracking::get_experiment, id);
  EXPECT_EQ(experiment.name, "first");
  EXPECT_EQ(experiment.artifact_location, "mlflow-artifacts:/1");
  EXPECT_EQ(experiment.lifecycle_stage, "active");
  EXPECT_EQ(experiment.creation_time, experiment.last_update_time);
  EXPECT_EQ(as_listed(db(), experiment.tags), as_listed(db(), {{"b", "1"}, {"a", "2"}}));
  EXPECT_EQ(read(tracking::get_experiment_by_name, "first").experiment_id, id);
  EXPECT_EQ(read(tracking::get_experiment_by_name, "Default").experiment_id, 0);
  EXPECT_MILLRACE_ERROR(read(tracking::get_experiment, 2), ErrorCode::ResourceDoesNotExist,
                        "No Experiment with id=2 exists");
  EXPECT_MILLRACE_ERROR(read(tracking::get_experiment_by_name, "no"),
                        ErrorCode::ResourceDoesNotExist,
                        "Could not find experiment with name 'no'");
}

TEST_P(ExperimentsTest, ANameIsTakenForGood) {
  const std::int64_t id = create("first");
  write(tracking::delete_experiment, id);
  EXPECT_MILLRACE_ERROR(create("first"), ErrorCode::ResourceAlreadyExists,
                        "Experiment(name=first) already exists. Error: the name is taken.");
  EXPECT_EQ(read(tracking::get_experiment_by_name, "first").lifecycle_stage, "deleted");
}

TEST_P(ExperimentsTest, ATagKeyGivenTwiceLeavesNothing) {
  EXPECT_MILLRACE_ERROR(create("twice", {{"k", "1"}, {"k", "2"}}), ErrorCode::ResourceAlreadyExists,
                        "Experiment(name=twice) already exists. Error: a tag key is given twice.");
  EXPECT_EQ(text_of(read(tracking::get_experiment, create("twice")).tags), "");
}

TEST_P(ExperimentsTest, Rename) {
  const std::int64_t id = create("first");
  create("second");
  execute("UPDATE experiments SET last_update_time = 1");
  write(tracking::rename_experiment, id, "third");
  EXPECT_EQ(read(tracking::get_experiment, id).name, "third");
  EXPECT_GT(read(tracking::get_experiment, id).last_update_time, 1);
  try {
    write(tracking::rename_experiment, id, "second");
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::BadRequest);
  }
  write(tracking::delete_experiment, id);
  EXPECT_MILLRACE_ERROR(write(tracking::rename_experiment, id, "fourth"), ErrorCode::InvalidState,
                        "Cannot rename a non-active experiment.");
  EXPECT_EQ(read(tracking::get_experiment, id).name, "third");
}

TEST_P(ExperimentsTest, DeleteAndRestoreTakeAllRunsAlong) {
  const std::int64_t id = create("first");
  add_run("a", id, "active");
  add_run("b", id, "deleted");
  add_run("c", 0, "active");
  write(tracking::delete_experiment, id);
  EXPECT_EQ(stages(), "a:deleted* b:deleted* c:active");
  EXPECT_MILLRACE_ERROR(write(tracking::delete_experiment, id), ErrorCode::ResourceDoesNotExist,
                        "No Experiment with id=1 exists");
  write(tracking::restore_experiment, id);
  EXPECT_EQ(stages(), "a:active b:active c:active");
  EXPECT_MILLRACE_ERROR(write(tracking::restore_experiment, id), ErrorCode::ResourceDoesNotExist,
                        "No Experiment with id=1 exists");
}

TEST_P(ExperimentsTest, Tags) {
  const std::int64_t id = create("first", {{"b", "1"}, {"a", "2"}});
  write(tracking::set_experiment_tag, id, {"b", "3"}, "1");
  write(tracking::set_experiment_tag, id, {"c", ""}, " 01 ");
  EXPECT_EQ(as_listed(db(), read(tracking::get_experiment, id).tags),
            as_listed(db(), {{"b", "3"}, {"a", "2"}, {"c", ""}}));
  EXPECT_MILLRACE_ERROR(write(tracking::set_experiment_tag, id, {"d", ""}, "0_1"),
                        ErrorCode::BadRequest, "'0_1' is no experiment's id.");
  write(tracking::delete_experiment_tag, id, "a", "1");
  EXPECT_EQ(as_listed(db(), read(tracking::get_experiment, id).tags), "b=3 c=");
  EXPECT_MILLRACE_ERROR(write(tracking::delete_experiment_tag, id, "a", "01"),
                        ErrorCode::ResourceDoesNotExist,
                        "No tag with name: a in experiment with id 01");
  write(tracking::delete_experiment, id);
  const char* const deleted =
      "The experiment 1 must be in the 'active' state. Current state is deleted.";
  EXPECT_MILLRACE_ERROR(write(tracking::set_experiment_tag, id, {"b", "4"}, "1"),
                        ErrorCode::InvalidParameterValue, deleted);
  EXPECT_MILLRACE_ERROR(write(tracking::delete_experiment_tag, id, "b", "1"),
                        ErrorCode::InvalidParameterValue, deleted);
  EXPECT_EQ(as_listed(db(), read(tracking::get_experiment, id).tags), "b=3 c=");
}

TEST_P(ExperimentsTest, SearchReturnsPages) {
  create("Ea", {{"j", "y"}, {"k", "x"}});
  create("Eb");
  create("Ec", {{"k", "z"}});
  write(tracking::delete_experiment, create("Ed", {{"k", "x"}}));
  EXPECT_EQ(found("", {"name"}), "Default Ea/j=y k=x Eb Ec/k=z");
  EXPECT_EQ(found("", {"name"}, 2), "Default Ea/j=y k=x ...");
  EXPECT_EQ(found("", {"name"}, 2, 2), "Eb Ec/k=z");
  EXPECT_EQ(found("", {"name"}, 2, 9), "");
  EXPECT_EQ(found("", {"name DESC"}, 1), "Ec/k=z ...");
  EXPECT_EQ(found("", {"name"}, 9, 0, ViewType::DeletedOnly), "Ed/k=x");
  EXPECT_EQ(found("tags.k = 'x'", {"name"}, 9, 0, ViewType::All), "Ea/j=y k=x Ed/k=x");
  EXPECT_EQ(found("tags.k IS NULL", {"name"}), "Default Eb");
  EXPECT_EQ(found("tags.k IS NOT NULL AND name != 'Ea'", {}), "Ec/k=z");
  EXPECT_EQ(found("experiment_id IN ('1', '02')", {"experiment_id DESC"}), "Eb Ea/j=y k=x");
  EXPECT_EQ(found("experiment_id NOT IN ('1', '2')", {"experiment_id"}), "Default Ec/k=z");
  EXPECT_EQ(found("creation_time < 5", {}), "");
}

TEST_P(ExperimentsTest, TheNewestComeFirstThenTheLowerIds) {
  create("a");
  create("b");
  create("c");
  execute("UPDATE experiments SET creation_time = 7");
  execute("UPDATE experiments SET creation_time = 8 WHERE name = 'b'");
  EXPECT_EQ(found("", {}), "b Default a c");
  EXPECT_EQ(found("", {"creation_time"}), "c a Default b");
}

TEST_P(ExperimentsTest, Datasets) {
  create("a");
  const auto dataset = [this](const std::string& uuid, std::int64_t experiment,
                              const std::string& name) {
    db().write([&](Work& work) {
      work.execute(
          "INSERT INTO datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type,"
          " dataset_source) VALUES (:uuid, :experiment, :name, 'd', 'local', '')",
          {uuid, experiment, name});
    });
  };
  const auto input = [this](const std::string& uuid, const std::string& source,
                            const std::string& context) {
    db().write([&](Work& work) {
      work.execute(
          "INSERT INTO inputs (input_uuid, source_type, source_id, destination_type,"
          " destination_id) VALUES (:uuid, 'DATASET', :source, 'RUN', :run)",
          {uuid, source, "run of " + uuid});
      if (context.empty()) return;
      work.execute(
          "INSERT INTO input_tags (input_uuid, name, value)"
          " VALUES (:uuid, 'mlflow.data.context', :context)",
          {uuid, context});
    });
  };
  dataset("1", 0, "unused");
  dataset("2", 0, "train");
  dataset("3", 1, "other");
  input("a", "2", "training");
  input("b", "2", "");
  input("c", "2", "training");
  input("d", "3", "eval");
  const auto summaries = [this](const std::vector<std::int64_t>& ids) {
    std::vector<std::string> texts;
    for (const DatasetSummary& summary : read(tracking::search_datasets, ids)) {
      texts.push_back(std::to_string(summary.experiment_id) + ":" + summary.name + ":" +
                      summary.digest + ":" + summary.context.value_or("none"));
    }
    return text_of(texts);
  };
  EXPECT_EQ(summaries({0}), "0:train:d:training 0:train:d:none");
  EXPECT_EQ(summaries({0, 1, 1, 9}), "0:train:d:training 0:train:d:none 1:other:d:eval");
  EXPECT_EQ(summaries({9}), "");
}

TEST_P(ExperimentsTest, OneOfManyCreatesOfOneNameSucceeds) {
  std::atomic<int> taken = 0;
  const int succeeded = at_once(
      24,
      [this](int) {
        create("raced", {{"k", "v"}});
      },
      [&taken](const Error& error) {
        if (error.code() == ErrorCode::ResourceAlreadyExists) ++taken;
      });
  EXPECT_EQ(succeeded, 1);
  EXPECT_EQ(taken, 23);
  EXPECT_EQ(found("name = 'raced'", {}), "raced/k=v");
}

TEST_P(ExperimentsTest, AllOfManyWritesOfOneNewTagSucceed) {
  const std::int64_t id = create("raced");
  EXPECT_EQ(at_once(24,
                    [&](int i) {
                      write(tracking::set_experiment_tag, id, {"k", std::to_string(i)}, "1");
                    }),
            24);
  EXPECT_EQ(read(tracking::get_experiment, id).tags.size(), 1U);
}

MILLRACE_REGISTRY_SUITE(ExperimentsTest);

}  // namespace
}  // namespace millrace::tracking_experiments_test
