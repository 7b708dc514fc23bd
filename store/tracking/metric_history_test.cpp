// The histories of metrics.
#include <array>
#include <limits>

#include "store/suites/run_data.h"
#include "store/tracking/run_data.h"

namespace millrace::metric_history_test {
namespace {

class MetricHistoryTest : public RunDataSuite {
 protected:
  // `count` points whose values, steps and timestamps are 0, 1, 2 ..
  void log_points(const std::string& run, int count) {
    tracking::RunBatch batch;
    for (int i = 0; i < count; ++i) {
      batch.metrics.push_back(
          {.key = "k", .value = static_cast<double>(i), .timestamp = i, .step = i});
    }
    write(tracking::log_batch, run, batch);
  }

  static std::string value_text(const Metric& metric) {
    return std::to_string(static_cast<int>(metric.value));
  }

  std::string page(std::optional<std::int64_t> max_results, std::int64_t offset) {
    std::string text;
    const bool more = read(tracking::get_metric_history, run_, "k", max_results, offset,
                           [&](const Metric& metric) { text += value_text(metric) + " "; });
    return text + (more ? "more" : "end");
  }

  std::string sampled(const std::vector<std::string>& runs, std::int64_t max_results,
                      const std::optional<tracking::Steps>& steps = std::nullopt) {
    std::string text;
    read(tracking::get_metric_history_bulk_interval, runs, "k", max_results, steps,
         [&](const Metric& metric) { text += (text.empty() ? "" : " ") + value_text(metric); });
    return text;
  }
};

TEST_P(MetricHistoryTest, IsOrderedByTimestampStepAndValue) {
  for (const auto& [timestamp, step, value] :
       std::vector<std::array<int, 3>>{{2, 0, 0}, {1, 1, 9}, {1, 1, 8}, {1, 0, 10}, {0, 5, 5}}) {
    write(tracking::log_metric, run_,
          {.key = "k", .value = double(value), .timestamp = timestamp, .step = step});
  }
  EXPECT_EQ(page(std::nullopt, 0), "5 10 8 9 0 end");
}

TEST_P(MetricHistoryTest, Pages) {
  log_points(run_, 5);
  EXPECT_EQ(page(2, 0), "0 1 more");
  EXPECT_EQ(page(2, 2), "2 3 more");
  EXPECT_EQ(page(2, 4), "4 end");
  EXPECT_EQ(page(5, 0), "0 1 2 3 4 end");
  EXPECT_EQ(page(4, 0), "0 1 2 3 more");
  EXPECT_EQ(page(std::nullopt, 3), "3 4 end");
  EXPECT_EQ(page(2, 99), "end");
  EXPECT_EQ(page(std::numeric_limits<std::int64_t>::max(), 0), "0 1 2 3 4 end");
}

TEST_P(MetricHistoryTest, OnlySqliteKnowsNegativePages) {
  log_points(run_, 3);
  const auto bulk = [this](std::int64_t limit) {
    std::string text;
    read(tracking::get_metric_history_bulk, {run_}, "k", limit,
         [&](const Metric& metric) { text += value_text(metric) + " "; });
    return text;
  };
  if (db().dialect() != Dialect::Sqlite) {
    EXPECT_THROW(page(2, -3), Error);
    EXPECT_THROW(bulk(-2), Error);
    return;
  }
  EXPECT_EQ(page(2, -3), "0 1 more");
  EXPECT_EQ(bulk(-2), "0 ");
  EXPECT_EQ(bulk(-9), "");
}

TEST_P(MetricHistoryTest, OfSeveralRunsComesRunByRun) {
  const std::string other = add_run("00");
  log_points(run_, 3);
  log_points(other, 2);
  const auto bulk = [this](const std::vector<std::string>& runs, std::int64_t limit) {
    std::string text;
    read(tracking::get_metric_history_bulk, runs, "k", limit, [&](const Metric& metric) {
      text += metric.run_id->substr(0, 2) + ":" + value_text(metric) + " ";
    });
    return text;
  };
  EXPECT_EQ(bulk({run_, other, "no"}, 25'000), "00:0 00:1 01:0 01:1 01:2 ");
  EXPECT_EQ(bulk({run_, run_}, 2), "01:0 01:1 ");
  EXPECT_EQ(bulk({run_, other}, 0), "");
  EXPECT_EQ(bulk({}, 9), "");
}

TEST_P(MetricHistoryTest, ASampleHasTheFirstOfEachPartAndTheLastOfAll) {
  log_points(run_, 10);
  EXPECT_EQ(sampled({run_}, 1), "9");
  EXPECT_EQ(sampled({run_}, 2), "0 9");
  EXPECT_EQ(sampled({run_}, 3), "0 4 9");
  EXPECT_EQ(sampled({run_}, 4), "0 3 6 9");
  EXPECT_EQ(sampled({run_}, 7), "0 2 4 6 7 8 9");
  EXPECT_EQ(sampled({run_}, 9), "0 2 3 4 5 6 7 8 9");
  EXPECT_EQ(sampled({run_}, 10), "0 1 2 3 4 5 6 7 8 9");
  EXPECT_EQ(sampled({run_}, 2500), "0 1 2 3 4 5 6 7 8 9");
}

TEST_P(MetricHistoryTest, ASampleKeepsToItsSteps) {
  log_points(run_, 10);
  EXPECT_EQ(sampled({run_}, 2500, tracking::Steps{2, 5}), "2 3 4 5");
  EXPECT_EQ(sampled({run_}, 2, tracking::Steps{2, 5}), "2 5");
  EXPECT_EQ(sampled({run_}, 2, tracking::Steps{7, 7}), "7");
  EXPECT_EQ(sampled({run_}, 2, tracking::Steps{70, 90}), "");
  const std::string other = add_run("00");
  log_points(other, 3);
  EXPECT_EQ(sampled({run_, "no", other, run_}, 2), "0 9 0 2 0 9");
}

MILLRACE_REGISTRY_SUITE(MetricHistoryTest);

}  // namespace
}  // namespace millrace::metric_history_test
