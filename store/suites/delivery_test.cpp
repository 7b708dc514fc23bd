// The lists that are handed out row by row, when their connection breaks behind the first row: no
// row is given twice, and no row of a second snapshot. Runs where MILLRACE_TEST_DATABASE names a
// server.
#include <set>
#include <utility>

#include "store/suites/server.h"
#include "store/suites/tracking.h"

namespace millrace::delivery_test {
namespace {

// What stays under way when the first row has come: more than sockets hold of one statement's rows,
// or a further statement.
class DeliveryTest : public ServerSuite {
 protected:
  using Give = std::function<void(const std::string& id)>;
  using List = std::function<void(Work&, const Give&)>;

  void expect_given_once(const List& list) {
    std::set<std::string> given;
    bool twice = false;
    try {
      db().read([&](Work& work) {
        const std::int64_t session = session_id(work);
        bool is_first = true;
        list(work, [&](const std::string& id) {
          twice = !given.insert(id).second || twice;
          if (std::exchange(is_first, false)) kill(session);
        });
      });
      ADD_FAILURE() << "the connection did not break";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::TemporarilyUnavailable) << error.what();
    }
    EXPECT_FALSE(twice);
    EXPECT_FALSE(given.empty());
  }

  // One statement that makes a row of each number n from 1.
  void fill(const std::string& columns, const std::string& row, int rows) {
    const std::string numbers = is_mysql()
                                    ? "(SELECT seq AS n FROM seq_1_to_" + std::to_string(rows) + ")"
                                    : "generate_series(1, " + std::to_string(rows) + ")";
    db().write([&](Work& work) {
      work.execute("INSERT INTO " + columns + " SELECT " + row + " FROM " + numbers +
                   (is_mysql() ? " AS numbers" : " AS n"));
    });
  }

  void add_runs(int count) {
    fill("runs (run_uuid, name, experiment_id, status, lifecycle_stage, start_time)",
         "CONCAT('run', n), 'run', 0, 'RUNNING', 'active', 0", count);
  }

  // Of `run1` with the longest numbers that there are.
  void add_points(int count) {
    fill("metrics (\"key\", value, timestamp, run_uuid, step, is_nan)",
         "'loss', 0.12345678901234567, 1000000000000000000 + n, 'run1', 1000000000000000000 + n,"
         " FALSE",
         count);
  }

  static constexpr int kPoints = 300'000;
};

TEST_P(DeliveryTest, RegisteredModels) {
  fill("registered_models (name, workspace)", "CONCAT('m', n), 'default'", 300);
  expect_given_once([](Work& work, const Give& give) {
    registry::search_registered_models(work, search::parse_registered_model_search("", {}), 1000, 0,
                                       [&](const RegisteredModel& model) { give(model.name); });
  });
}

TEST_P(DeliveryTest, ModelVersions) {
  fill("registered_models (name, workspace)", "CONCAT('m', n), 'default'", 1);
  fill("model_versions (name, version, description, current_stage, status, workspace)",
       "'m1', n, REPEAT('x', 5000), 'None', 'READY', 'default'", 8'000);
  expect_given_once([](Work& work, const Give& give) {
    registry::search_model_versions(
        work, search::parse_model_version_search("", {}), 100'000, 0,
        [&](const ModelVersion& version) { give(std::to_string(version.version)); });
  });
}

TEST_P(DeliveryTest, Experiments) {
  fill("experiments (experiment_id, name, lifecycle_stage, workspace)",
       "1000 + n, CONCAT('e', n), 'active', 'default'", 800);
  fill("experiment_tags (\"key\", value, experiment_id)", "'k', REPEAT('x', 50000), 1000 + n", 800);
  expect_given_once([](Work& work, const Give& give) {
    tracking::search_experiments(
        work, search::parse_experiment_search("", {}), ViewType::All, 1000, 0,
        [&](const Experiment& experiment) { give(std::to_string(experiment.experiment_id)); });
  });
}

TEST_P(DeliveryTest, Runs) {
  add_runs(600);
  for (const char* order : {"", "run_name"}) {
    const search::RunSearch search = search::parse_run_search(
        "", *order == '\0' ? std::vector<std::string>() : std::vector<std::string>{order});
    expect_given_once([&](Work& work, const Give& give) {
      tracking::search_runs(work, search, {{0}, {"active"}}, 1000, 0,
                            [&](const millrace::Run& run) { give(run.info.run_id); });
    });
  }
}

TEST_P(DeliveryTest, LoggedModels) {
  fill(
      "logged_models (model_id, experiment_id, name, artifact_location, creation_timestamp_ms,"
      " last_updated_timestamp_ms, status, lifecycle_stage)",
      "CONCAT('m-', n), 0, 'model', 'mlflow-artifacts:/0', 0, 0, 1, 'active'", 1'200);
  const search::LoggedModelSearch all{.experiment_ids = {0},
                                      .filter = {},
                                      .datasets = {},
                                      .order = search::parse_logged_model_order({})};
  expect_given_once([&](Work& work, const Give& give) {
    tracking::search_logged_models(work, all, 5000, 0,
                                   [&](const LoggedModel& model) { give(model.model_id); });
  });
}

TEST_P(DeliveryTest, MetricHistories) {
  add_runs(1);
  add_points(kPoints);
  const auto by_step = [](const Give& give) {
    return [&give](const Metric& metric) { give(std::to_string(metric.step)); };
  };
  expect_given_once([&](Work& work, const Give& give) {
    tracking::get_metric_history(work, "run1", "loss", std::nullopt, 0, by_step(give));
  });
  expect_given_once([&](Work& work, const Give& give) {
    tracking::get_metric_history_bulk(work, {"run1"}, "loss", kPoints, by_step(give));
  });
}

TEST_P(DeliveryTest, SamplesOfMetricHistories) {
  add_runs(2);
  add_points(10);
  expect_given_once([](Work& work, const Give& give) {
    tracking::get_metric_history_bulk_interval(
        work, {"run1", "run2"}, "loss", 10, std::nullopt,
        [&](const Metric& metric) { give(std::to_string(metric.step)); });
  });
}

MILLRACE_SERVER_SUITE(DeliveryTest);

}  // namespace
}  // namespace millrace::delivery_test
