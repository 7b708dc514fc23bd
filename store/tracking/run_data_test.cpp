// Metrics, params and batches of runs.
#include "store/tracking/run_data.h"

#include <cmath>
#include <limits>

#include "store/suites/run_data.h"

namespace millrace::tracking_run_data_test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kMost = std::numeric_limits<double>::max();

class RunDataTest : public RunDataSuite {};

TEST_P(RunDataTest, ThePointOfGreatestStepThenTimestampThenValueIsTheLatest) {
  const auto log = [this](double value, std::int64_t timestamp, std::int64_t step) {
    write(tracking::log_metric, run_,
          {.key = "k", .value = value, .timestamp = timestamp, .step = step});
    return latest();
  };
  EXPECT_EQ(log(5, 10, 5), "k=5@10/5");
  EXPECT_EQ(log(9, 99, 4), "k=5@10/5");
  EXPECT_EQ(log(9, 9, 5), "k=5@10/5");
  EXPECT_EQ(log(4, 10, 5), "k=5@10/5");
  EXPECT_EQ(log(6, 10, 5), "k=6@10/5");
  EXPECT_EQ(log(kNan, 10, 5), "k=6@10/5") << "NaN counts as 0";
  EXPECT_EQ(log(kNan, 11, 5), "k=nan@11/5");
  EXPECT_EQ(log(-1, 11, 5), "k=nan@11/5");
  EXPECT_EQ(log(1, 11, 5), "k=1@11/5");
  EXPECT_EQ(log(1, 0, 6), "k=1@0/6");
  EXPECT_EQ(log(1, 0, -7), "k=1@0/6");
}

TEST_P(RunDataTest, OneBatchIsLikeItsPointsInTurn) {
  write(tracking::log_batch, run_,
        {.metrics = {{.key = "z", .value = 1, .timestamp = 1, .step = 1},
                     {.key = "a", .value = 1, .timestamp = 1, .step = 1},
                     {.key = "z", .value = 3, .timestamp = 1, .step = 1},
                     {.key = "z", .value = 2, .timestamp = 1, .step = 1},
                     {.key = "a", .value = 9, .timestamp = 9, .step = 0}}});
  EXPECT_EQ(latest(), in_order({"z=3@1/1", "a=1@1/1"}));
  EXPECT_EQ(count("metrics"), 5);
}

TEST_P(RunDataTest, APointThatIsThereIsSwallowed) {
  const tracking::RunBatch batch{.metrics = {{.key = "k", .value = 1, .timestamp = 1},
                                             {.key = "k", .value = 1, .timestamp = 1},
                                             {.key = "k", .value = kNan, .timestamp = 1},
                                             {.key = "k", .value = kNan, .timestamp = 1},
                                             {.key = "k", .value = 0, .timestamp = 1}}};
  write(tracking::log_batch, run_, batch);
  EXPECT_EQ(count("metrics"), 3);
  write(tracking::log_batch, run_, batch);
  write(tracking::log_metric, run_, {.key = "k", .value = kNan, .timestamp = 1});
  EXPECT_EQ(count("metrics"), 3);
}

TEST_P(RunDataTest, InfinitiesAreStoredAsTheDoublesNextToThem) {
  write(tracking::log_metric, run_, {.key = "k", .value = kInfinity, .timestamp = 1});
  write(tracking::log_metric, run_, {.key = "k", .value = kMost, .timestamp = 1});
  write(tracking::log_metric, run_, {.key = "k", .value = -kInfinity, .timestamp = 2});
  std::vector<double> values;
  read(tracking::get_metric_history, run_, "k", std::nullopt, 0,
       [&](const Metric& metric) { values.push_back(metric.value); });
  EXPECT_EQ(values, (std::vector<double>{kMost, -kMost}));
}

TEST_P(RunDataTest, BatchesOfAnySizeAreWhole) {
  for (const std::size_t size : {1U, 2U, 63U, 64U, 65U, 100U, 127U, 1000U}) {
    const std::string run = add_run("size" + std::to_string(size));
    tracking::RunBatch batch;
    for (std::size_t i = 0; i < size; ++i) {
      batch.metrics.push_back({.key = "k" + std::to_string(i), .value = 1, .timestamp = 1});
      if (i < 100) batch.params.push_back({"p" + std::to_string(i), "v" + std::to_string(i)});
    }
    write(tracking::log_batch, run, batch);
    const std::string of_run = " WHERE run_uuid = '" + run + "'";
    EXPECT_EQ(count("metrics" + of_run), static_cast<std::int64_t>(size));
    EXPECT_EQ(count("latest_metrics" + of_run), static_cast<std::int64_t>(size));
    EXPECT_EQ(count("params" + of_run), static_cast<std::int64_t>(batch.params.size()));
  }
}

TEST_P(RunDataTest, AParamIsSetOnce) {
  write(tracking::log_param, run_, {"p", "1"});
  write(tracking::log_param, run_, {"p", "1"});
  EXPECT_MILLRACE_ERROR(write(tracking::log_param, run_, {"p", "2"}),
                        ErrorCode::InvalidParameterValue,
                        "Changing param values is not allowed. Param with key='p' was already "
                        "logged with value='1' for run ID='" +
                            run_ + "'. Attempted logging new value '2'.");
  write(tracking::log_batch, run_, {.params = {{"p", "1"}, {"q", "it's"}}});
  EXPECT_MILLRACE_ERROR(
      write(tracking::log_batch, run_,
            {.metrics = {{.key = "never", .value = 1}},
             .params = {{"new", ""}, {"q", "x"}, {"p", "\n"}},
             .tags = {{"never", ""}}}),
      ErrorCode::InvalidParameterValue,
      "Changing param values is not allowed. Params were already logged='[{'key': 'q', "
      "'old_value': \"it's\", 'new_value': 'x'}, {'key': 'p', 'old_value': '1', 'new_value': "
      "'\\n'}]' for run ID='" +
          run_ + "'.");
  EXPECT_EQ(count("params"), 2);
  EXPECT_EQ(count("metrics"), 0);
  EXPECT_EQ(count("tags"), 0);
}

TEST_P(RunDataTest, TagsOfABatchAreSetAndMayRenameTheRun) {
  write(tracking::log_batch, run_, {.tags = {{"a", "1"}, {"mlflow.runName", "new"}, {"a", "2"}}});
  write(tracking::log_batch, run_, {.tags = {{"mlflow.runName", ""}, {"a", "3"}}});
  EXPECT_EQ(count("tags WHERE tags.key = 'a' AND value = '3'"), 1);
  EXPECT_EQ(count("tags WHERE tags.key = 'mlflow.runName' AND value = 'new'"), 1);
  EXPECT_EQ(count("runs WHERE name = 'new'"), 1);
}

TEST_P(RunDataTest, NothingIsLoggedToAMissingOrADeletedRun) {
  const std::string deleted = add_run("deleted", "deleted");
  const std::string text =
      "The run " + deleted + " must be in the 'active' state. Current state is deleted.";
  const Metric metric{.key = "k", .value = 1};
  EXPECT_MILLRACE_ERROR(write(tracking::log_metric, "no", metric), ErrorCode::ResourceDoesNotExist,
                        "Run with id=no not found");
  EXPECT_MILLRACE_ERROR(write(tracking::log_param, "no", {"p", ""}),
                        ErrorCode::ResourceDoesNotExist, "Run with id=no not found");
  EXPECT_MILLRACE_ERROR(write(tracking::log_batch, "no", {}), ErrorCode::ResourceDoesNotExist,
                        "Run with id=no not found");
  EXPECT_MILLRACE_ERROR(write(tracking::log_metric, deleted, metric),
                        ErrorCode::InvalidParameterValue, text);
  EXPECT_MILLRACE_ERROR(write(tracking::log_param, deleted, {"p", ""}),
                        ErrorCode::InvalidParameterValue, text);
  EXPECT_MILLRACE_ERROR(write(tracking::log_batch, deleted, {}), ErrorCode::InvalidParameterValue,
                        text);
}

TEST_P(RunDataTest, AModelsMetricHasOneValueAtAPoint) {
  add_model("m");
  const auto log = [this](const std::string& run_id, const Metric& metric) {
    write(tracking::log_model_metrics, run_id, std::span(&metric, 1));
  };
  Metric metric{.key = "k", .value = kNan, .timestamp = 1, .model_id = "m"};
  log(run_, metric);
  log(run_, metric);
  metric.value = 2;
  EXPECT_THROW(log(run_, metric), Error);
  metric.value = 0;
  metric.dataset_name = metric.dataset_digest = "d";
  EXPECT_THROW(log(run_, metric), Error);
  EXPECT_EQ(count("logged_model_metrics"), 1);
  log(add_run("other"), metric);
  EXPECT_EQ(count("logged_model_metrics WHERE dataset_name = 'd' AND dataset_uuid IS NULL"), 1);
}

TEST_P(RunDataTest, MetricsOfModelsAreLoggedTogetherOrNotAtAll) {
  add_model("m");
  const std::vector<Metric> metrics{{.key = "a", .value = 1, .model_id = "m"},
                                    {.key = "of the run alone", .value = 1},
                                    {.key = "b", .value = 1, .model_id = "no such model"}};
  EXPECT_THROW(write(tracking::log_model_metrics, run_, metrics), Error);
  EXPECT_EQ(count("logged_model_metrics"), 0);
  write(tracking::log_model_metrics, run_, std::span(metrics).first(2));
  EXPECT_EQ(count("logged_model_metrics"), 1);
  EXPECT_EQ(count("metrics"), 0);
}

TEST_P(RunDataTest, ManyMetricsOfModelsAreAllThere) {
  add_model("m");
  add_model("n");
  std::vector<Metric> metrics;
  for (std::int64_t i = 0; i < 200; ++i) {
    metrics.push_back({.key = "k" + std::to_string(i % 50),
                       .value = static_cast<double>(i),
                       .timestamp = i / 100,
                       .step = i,
                       .model_id = i % 2 == 0 ? "m" : "n"});
  }
  write(tracking::log_model_metrics, run_, metrics);
  write(tracking::log_model_metrics, run_, metrics);
  EXPECT_EQ(count("logged_model_metrics"), 200);
  metrics.back().value = 7;
  EXPECT_MILLRACE_ERROR(
      write(tracking::log_model_metrics, run_, metrics), ErrorCode::BadRequest,
      "The metric 'k49' of the logged model 'n' has another value at step 199 and timestamp 1.");
}

TEST_P(RunDataTest, IdenticalParamsOfManyClientsAllSucceed) {
  const int succeeded = at_once(32, [&](int i) {
    if (i % 2 == 0) write(tracking::log_param, run_, {"p", "same"});
    if (i % 2 == 1) write(tracking::log_batch, run_, {.params = {{"p", "same"}, {"q", "same"}}});
  });
  EXPECT_EQ(succeeded, 32);
  EXPECT_EQ(count("params"), 2);
}

TEST_P(RunDataTest, DifferentParamsOfManyClientsGiveOneWinner) {
  EXPECT_EQ(at_once(32,
                    [&](int i) {
                      write(tracking::log_param, run_, {"p", std::to_string(i)});
                    }),
            1);
}

TEST_P(RunDataTest, TheLatestValueIsRightUnderManyWriters) {
  const int succeeded = at_once(16, [&](int i) {
    for (int step = 0; step < 20; ++step) {
      tracking::RunBatch batch;
      // Some go up the keys and some down, so that locks in the order of the request would meet.
      for (int k = 0; k < 10; ++k) {
        batch.metrics.push_back({.key = "k" + std::to_string(i % 2 == 0 ? k : 9 - k),
                                 .value = static_cast<double>(i),
                                 .timestamp = 1,
                                 .step = (step * 7 + i) % 23});
      }
      write(tracking::log_batch, run_, batch);
    }
  });
  EXPECT_EQ(succeeded, 16);
  EXPECT_EQ(count("latest_metrics"), 10);
  EXPECT_EQ(count("latest_metrics l WHERE EXISTS (SELECT 1 FROM metrics m"
                  " WHERE m.run_uuid = l.run_uuid AND m.key = l.key"
                  " AND (m.step, m.timestamp, m.value) > (l.step, l.timestamp, l.value))"),
            0);
}

MILLRACE_REGISTRY_SUITE(RunDataTest);

}  // namespace
}  // namespace millrace::tracking_run_data_test
