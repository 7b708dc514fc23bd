// runs/search over all kinds of databases: which runs, in which order, with what.
#include <cmath>

#include "store/suites/tracking.h"

namespace millrace::run_search_test {
namespace {

class RunSearchTest : public TrackingSuite {
 protected:
  RunSearchTest() {
    for (int i = 1; i <= 6; ++i) add_run("r" + std::to_string(i), i, i == 6 ? kDeleted : kActive);
    add_metric("r1", "loss", 0.5, false);
    add_metric("r2", "loss", 0, true);
    add_metric("r3", "loss", 0.25, false);
    // To MySQL's collations this is the same key.
    if (db().dialect() != Dialect::Mysql) add_metric("r3", "Loss", 9, false);
    db().write([](Work& work) {
      work.execute(
          "INSERT INTO params (\"key\", value, run_uuid)"
          " VALUES ('lr', 'a', 'r1'), ('lr', 'A', 'r2'), ('lr', 'b', 'r4')");
    });
  }

  void add_run(const std::string& id, std::int64_t number, const char* stage) {
    db().write([&](Work& work) {
      work.execute(
          "INSERT INTO runs (run_uuid, experiment_id, name, user_id, status, start_time,"
          " artifact_uri, lifecycle_stage)"
          " VALUES (:id, 0, 'n', 'u', 'RUNNING', :start, 'uri', :stage)",
          {id, number / 2, stage});
      work.execute(
          "INSERT INTO tags (\"key\", value, run_uuid) VALUES ('mlflow.runName', :name, :id)",
          {"name " + id, id});
    });
  }
  void add_metric(const std::string& id, const std::string& key, double value, bool nan) {
    db().write([&](Work& work) {
      work.execute(
          "INSERT INTO latest_metrics (\"key\", value, timestamp, step, is_nan, run_uuid)"
          " VALUES (:key, :value, 1, 0, " +
              std::string(nan ? "TRUE" : "FALSE") + ", :id)",
          {key, value, id});
    });
  }

  // The ids of a page, and "+" if more follow.
  std::string found(const std::string& filter, const std::vector<std::string>& order_by = {},
                    std::int64_t max_results = 10, std::int64_t offset = 0,
                    std::vector<std::string_view> stages = {kActive},
                    std::vector<std::int64_t> experiments = {0}) {
    std::vector<std::string> ids;
    const bool more = read(tracking::search_runs, search::parse_run_search(filter, order_by),
                           {std::move(experiments), std::move(stages)}, max_results, offset,
                           [&ids](const millrace::Run& run) { ids.push_back(run.info.run_id); });
    return text_of(ids) + (more ? " +" : "");
  }
};

TEST_P(RunSearchTest, TheLatestFirstThenById) {
  EXPECT_EQ(found(""), "r4 r5 r2 r3 r1");
  EXPECT_EQ(found("", {}, 2), "r4 r5 +");
  EXPECT_EQ(found("", {}, 2, 4), "r1");
  EXPECT_EQ(found("", {}, 5), "r4 r5 r2 r3 r1");
  EXPECT_EQ(found("", {}, 10, 0, {kDeleted}), "r6");
  EXPECT_EQ(found("", {}, 10, 0, {kActive, kDeleted}), "r6 r4 r5 r2 r3 r1");
  EXPECT_EQ(found("", {}, 10, 0, {kActive}, {7, 0}), "r4 r5 r2 r3 r1");
  EXPECT_EQ(found("", {}, 10, 0, {kActive}, {7}), "");
  EXPECT_EQ(found("", {}, 10, 0, {kActive}, {}), "");
}

TEST_P(RunSearchTest, NaNIsUnequalToEveryNumber) {
  EXPECT_EQ(found("metrics.loss < 1"), "r3 r1");
  EXPECT_EQ(found("metrics.loss = 0"), "");
  EXPECT_EQ(found("metrics.loss != 0.5"), "r2 r3");
}

TEST_P(RunSearchTest, MissingValuesComeLastAndNaNBeforeThem) {
  EXPECT_EQ(found("", {"metrics.loss"}), "r3 r1 r2 r4 r5");
  EXPECT_EQ(found("", {"metrics.loss DESC"}), "r1 r3 r2 r4 r5");
  EXPECT_EQ(found("", {"metrics.loss DESC"}, 2, 1), "r3 r2 +");
}

TEST_P(RunSearchTest, RunsWithoutTheKeyAreUnequalToNothing) {
  EXPECT_EQ(found("params.lr = 'a'"), "r1");
  EXPECT_EQ(found("params.lr != 'a'"), "r4 r2");
  EXPECT_EQ(found("params.lr ILIKE 'A'"), "r2 r1");
  EXPECT_EQ(found("params.lr IS NULL"), "r5 r3");
}

TEST_P(RunSearchTest, TheNameIsThatOfTheTag) {
  EXPECT_EQ(found("run_name = 'name r3'"), "r3");
  EXPECT_EQ(found("run_name = 'n'"), "");
  EXPECT_EQ(found("run_id NOT IN ('r1', 'r2', 'r3')"), "r4 r5");
}

TEST_P(RunSearchTest, ThirtyKeysOfAnOrderAndNoMore) {
  std::vector<std::string> order{"metrics.loss"};
  while (order.size() < 30) order.push_back("tags.t" + std::to_string(order.size()));
  EXPECT_EQ(found("", order), "r3 r1 r2 r4 r5");
  order.push_back("start_time");
  try {
    found("", order);
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InvalidParameterValue);
    EXPECT_EQ(error.message(), "order_by can name at most 30 keys.");
  }
}

TEST_P(RunSearchTest, ManyExperiments) {
  std::vector<std::int64_t> ids(100'000);
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<std::int64_t>(i % 10'000);
  EXPECT_EQ(found("", {}, 10, 0, {kActive}, ids), "r4 r5 r2 r3 r1");
}

// Pages of which only the ids are kept, and more runs than one statement takes.
TEST_P(RunSearchTest, LongPagesComeWhole) {
  constexpr int kRuns = 600;
  for (int i = 0; i < kRuns; ++i) add_run("s" + std::to_string(1000 + i), 100, kActive);
  for (const std::int64_t max_results : {700, 2000}) {
    int next = 0;
    read(tracking::search_runs, search::parse_run_search("start_time = 50", {}), {{0}, {kActive}},
         max_results, 0, [&next](const millrace::Run& run) {
           EXPECT_EQ(run.info.run_id, "s" + std::to_string(1000 + next++));
           EXPECT_EQ(text_of(run.tags), "mlflow.runName=name " + run.info.run_id);
         });
    EXPECT_EQ(next, kRuns);
  }
}

}  // namespace

// A page that is not read at once: what its runs refer to takes more than is held.
TEST_P(RunSearchTest, LargeRunsAreWhole) {
  constexpr std::size_t kBytes = 9'000'000;
  db().write([&](Work& work) {
    for (int i = 1; i <= 5; ++i) {
      const std::string run = "r" + std::to_string(i);
      work.execute(
          "INSERT INTO datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type,"
          " dataset_source, dataset_profile) VALUES (:uuid, 0, :name, 'd', 'local', '', :profile)",
          {run, run, std::string(kBytes, 'x')});
      work.execute(
          "INSERT INTO inputs (input_uuid, source_type, source_id, destination_type,"
          " destination_id, step) VALUES (:uuid, 'DATASET', :source, 'RUN', :run, 0)",
          {run, run, run});
    }
  });
  for (const auto& order : {std::vector<std::string>(), std::vector<std::string>{"run_name"}}) {
    std::string ids;
    EXPECT_TRUE(read(tracking::search_runs, search::parse_run_search("", order), {{0}, {kActive}},
                     4, 0, [&](const millrace::Run& run) {
                       ids += run.info.run_id + " ";
                       EXPECT_EQ(run.tags.size(), 1U);
                       ASSERT_EQ(run.dataset_inputs.size(), 1U);
                       EXPECT_EQ(run.dataset_inputs[0].dataset.name, run.info.run_id);
                       EXPECT_EQ(run.dataset_inputs[0].dataset.profile.value_or("").size(), kBytes);
                     }));
    EXPECT_EQ(ids.size(), 4 * std::string("r1 ").size());
  }
}

MILLRACE_REGISTRY_SUITE(RunSearchTest);

}  // namespace millrace::run_search_test
