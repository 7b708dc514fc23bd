#include "store/tracking/logged_models.h"

#include "store/suites/tracking.h"

namespace millrace::tracking_logged_models_test {
namespace {

class LoggedModelsTest : public TrackingSuite {
 protected:
  std::string create(const std::string& name, const std::vector<Tag>& tags = {},
                     const std::vector<Tag>& params = {}) {
    return write(tracking::create_logged_model,
                 {.experiment_id = 0,
                  .experiment_text = "0",
                  .name = name,
                  .model_type = "",
                  .source_run_id = "",
                  .params = params,
                  .tags = tags},
                 join)
        .model_id;
  }

  void execute(const std::string& sql) {
    db().write([&](Work& work) { work.execute(sql); });
  }

  void add_point(const std::string& model, const std::string& metric, std::int64_t timestamp,
                 double value, const Value& dataset = {}) {
    db().write([&](Work& work) {
      work.execute(
          "INSERT INTO logged_model_metrics (model_id, metric_name, metric_timestamp_ms,"
          " metric_step, metric_value, experiment_id, run_id, dataset_name, dataset_digest)"
          " VALUES (:model, :metric, :timestamp, 0, :value, 0, 'run', :dataset, :digest)",
          {model, metric, timestamp, value, dataset, dataset});
    });
  }

  void add_run() {
    execute(
        "INSERT INTO runs (run_uuid, experiment_id, lifecycle_stage) VALUES ('run', 0, 'active')");
  }

  // Names of the page, and "..." when there are more.
  std::string found(const std::string& filter,
                    const std::vector<search::ModelOrderField>& order = {},
                    std::int64_t max_results = 100, std::int64_t offset = 0,
                    const std::vector<search::DatasetPoints>& datasets = {}) {
    std::vector<std::string> names;
    const search::LoggedModelSearch search{.experiment_ids = {0},
                                           .filter = search::parse_logged_model_filter(filter),
                                           .datasets = datasets,
                                           .order = search::parse_logged_model_order(order)};
    const auto keep = [&names](const LoggedModel& model) { names.push_back(model.name); };
    if (read(tracking::search_logged_models, search, max_results, offset, keep))
      names.emplace_back("...");
    return text_of(names);
  }
};

TEST_P(LoggedModelsTest, ACreatedModelIsPendingAndHasItsPlace) {
  const FixedClock clock(1000);
  const LoggedModel made = write(tracking::create_logged_model,
                                 {.experiment_id = 0,
                                  .experiment_text = "0",
                                  .name = "n",
                                  .model_type = "agent",
                                  .source_run_id = "gone",
                                  .params = {{"z", "1"}, {"a", "2"}},
                                  .tags = {{"t", "1"}, {"B", "2"}}},
                                 join);
  EXPECT_TRUE(made.model_id.starts_with("m-"));
  EXPECT_EQ(made.model_id.size(), 34U);
  EXPECT_EQ(made.artifact_location, "mlflow-artifacts:/0/models/" + made.model_id + "/artifacts");
  EXPECT_EQ(made.status, static_cast<std::int64_t>(LoggedModelStatus::Pending));
  EXPECT_EQ(made.creation_timestamp_ms, 1000);
  EXPECT_EQ(text_of(made.params), "a=2 z=1");
  EXPECT_EQ(text_of(made.tags), "B=2 t=1");
  const LoggedModel found = read(tracking::get_logged_model, made.model_id, false);
  EXPECT_EQ(found.name, "n");
  EXPECT_EQ(found.model_type, "agent");
  EXPECT_EQ(found.source_run_id, "gone");
  EXPECT_EQ(found.status_message, std::nullopt);
}

TEST_P(LoggedModelsTest, ANameIsMadeUp) {
  EXPECT_FALSE(read(tracking::get_logged_model, create(""), false).name.empty());
}

TEST_P(LoggedModelsTest, CreateNeedsAnActiveExperimentAndDistinctKeys) {
  const auto make = [this](std::int64_t experiment, const std::string& text) {
    write(tracking::create_logged_model,
          {.experiment_id = experiment,
           .experiment_text = text,
           .name = "n",
           .model_type = "",
           .source_run_id = "",
           .params = {},
           .tags = {}},
          join);
  };
  EXPECT_MILLRACE_ERROR(make(9, "9"), ErrorCode::ResourceDoesNotExist,
                        "No Experiment with id=9 exists");
  EXPECT_MILLRACE_ERROR(make(0, "0_0"), ErrorCode::BadRequest, "'0_0' is no experiment's id.");
  EXPECT_THROW(create("n", {{"a", "1"}, {"a", "2"}}), UniqueViolation);
  EXPECT_THROW(create("n", {}, {{"a", "1"}, {"a", "1"}}), UniqueViolation);
  execute("UPDATE experiments SET lifecycle_stage = 'deleted' WHERE experiment_id = 0");
  EXPECT_MILLRACE_ERROR(
      make(0, "0"), ErrorCode::InvalidParameterValue,
      "The experiment 0 must be in the 'active' state. Current state is deleted.");
  EXPECT_EQ(found(""), "");  // nothing stayed behind
}

TEST_P(LoggedModelsTest, DeletedModelsAreHiddenButCanBeChanged) {
  FixedClock clock(1000);
  const std::string id = create("n");
  clock.set(2000);
  write(tracking::delete_logged_model, id);
  EXPECT_MILLRACE_ERROR(read(tracking::get_logged_model, id, false),
                        ErrorCode::ResourceDoesNotExist,
                        "Logged model with ID '" + id + "' not found.");
  EXPECT_EQ(read(tracking::get_logged_model, id, true).last_updated_timestamp_ms, 2000);
  clock.set(3000);
  write(tracking::delete_logged_model, id);
  EXPECT_EQ(read(tracking::get_logged_model, id, true).last_updated_timestamp_ms, 3000);
  write(tracking::set_logged_model_tags, id, {{"k", "v"}});
  write(tracking::log_logged_model_params, id, {{"p", "v"}});
  clock.set(4000);
  const LoggedModel model = write(tracking::finalize_logged_model, id, 2);
  EXPECT_EQ(model.status, 2);
  EXPECT_EQ(model.last_updated_timestamp_ms, 4000);
  EXPECT_EQ(text_of(model.tags), "k=v");
  EXPECT_EQ(text_of(model.params), "p=v");
}

TEST_P(LoggedModelsTest, TagsAreReplacedAndParamsAreNot) {
  const std::string id = create("n", {{"a", "1"}}, {{"p", "1"}});
  write(tracking::set_logged_model_tags, id, {{"a", "2"}, {"b", "1"}, {"b", "3"}});
  EXPECT_EQ(as_listed(db(), read(tracking::get_logged_model, id, false).tags), "a=2 b=3");
  write(tracking::delete_logged_model_tag, id, "a");
  EXPECT_MILLRACE_ERROR(write(tracking::delete_logged_model_tag, id, "it's"),
                        ErrorCode::ResourceDoesNotExist,
                        "No tag with key \"it's\" found for model with ID '" + id + "'.");
  EXPECT_THROW(write(tracking::log_logged_model_params, id, {{"new", "1"}, {"p", "1"}}),
               UniqueViolation);
  const LoggedModel model = read(tracking::get_logged_model, id, false);
  EXPECT_EQ(text_of(model.tags), "b=3");
  EXPECT_EQ(text_of(model.params), "p=1");
}

TEST_P(LoggedModelsTest, UnknownModels) {
  const std::string text = "Logged model with ID 'm' not found.";
  const auto code = ErrorCode::ResourceDoesNotExist;
  EXPECT_MILLRACE_ERROR(read(tracking::get_logged_model, "m", true), code, text);
  EXPECT_MILLRACE_ERROR(write(tracking::finalize_logged_model, "m", 2), code, text);
  EXPECT_MILLRACE_ERROR(write(tracking::delete_logged_model, "m"), code, text);
  EXPECT_MILLRACE_ERROR(write(tracking::set_logged_model_tags, "m", {}), code, text);
  EXPECT_MILLRACE_ERROR(write(tracking::delete_logged_model_tag, "m", "k"), code, text);
  EXPECT_MILLRACE_ERROR(write(tracking::log_logged_model_params, "m", {}), code, text);
}

TEST_P(LoggedModelsTest, ANewTagSetByAllAtOnce) {
  const std::string id = create("n");
  EXPECT_EQ(at_once(8,
                    [&](int i) {
                      write(tracking::set_logged_model_tags, id, {{"k", std::to_string(i)}});
                    }),
            8);
  EXPECT_EQ(read(tracking::get_logged_model, id, false).tags.size(), 1U);
}

TEST_P(LoggedModelsTest, ANewParamLoggedByAllAtOnceIsLoggedOnce) {
  const std::string id = create("n");
  const auto log = [&](int i) {
    write(tracking::log_logged_model_params, id, {{"p", std::to_string(i)}});
  };
  const auto refused = [](const Error& error) { EXPECT_EQ(error.code(), ErrorCode::BadRequest); };
  EXPECT_EQ(at_once(8, log, refused), 1);
  EXPECT_EQ(read(tracking::get_logged_model, id, false).params.size(), 1U);
}

TEST_P(LoggedModelsTest, TheLargestSearch) {
  add_run();
  add_point(create("a"), "loss", 1, 0.5, "set 7");
  std::vector<search::ModelOrderField> order;
  for (const char* column : {"model_type", "experiment_id", "name", "artifact_location",
                             "creation_timestamp", "last_updated_timestamp", "status",
                             "lifecycle_stage", "model_id", "source_run_id", "status_message"}) {
    order.push_back({.field_name = column});
  }
  for (int i = 0; i < 52; ++i) order.push_back({.field_name = "metrics.m" + std::to_string(i)});
  std::vector<search::DatasetPoints> datasets;
  while (datasets.size() < 1000) {
    const std::string name = "set " + std::to_string(datasets.size());
    datasets.push_back({.name = name, .digest = name});
  }
  EXPECT_EQ(found("metrics.loss < 1", order, 100, 0, datasets), "a");
  datasets.push_back({.name = "one more", .digest = {}});
  EXPECT_THROW(found("", {}, 100, 0, datasets), Error);
}

TEST_P(LoggedModelsTest, PagesOfASearchAndItsOrder) {
  FixedClock clock(1000);
  for (const char* name : {"a", "b", "c", "d"}) {
    create(name);
    clock.set(name[0] == 'b' ? 1001 : 1002);
  }
  execute("UPDATE logged_models SET model_type = NULL WHERE name = 'a'");
  EXPECT_EQ(found("", {{.field_name = "name"}}, 2), "a b ...");
  EXPECT_EQ(found("", {{.field_name = "name"}}, 2, 2), "c d");
  EXPECT_EQ(found("", {{.field_name = "name", .ascending = false}}), "d c b a");
  EXPECT_EQ(found("", {{.field_name = "model_type"}, {.field_name = "name"}}), "b c d a");
  EXPECT_EQ(found("", {{.field_name = "model_type", .ascending = false}, {.field_name = "name"}}),
            "b c d a");
  EXPECT_EQ(found("", {{.field_name = "creation_time"}, {.field_name = "name"}}), "a c b d");
}

TEST_P(LoggedModelsTest, AnyPointOfAMetricMayMatchAndTheLastOneSorts) {
  add_run();
  const std::string a = create("a");
  const std::string b = create("b");
  create("none");
  add_point(a, "loss", 1, 0.1);
  add_point(a, "loss", 2, 0.9);
  add_point(b, "loss", 1, 0.5, "train");
  EXPECT_EQ(found("metrics.loss < 0.2"), "a");
  EXPECT_EQ(found("metrics.loss < 0.2 AND metrics.loss > 0.8"), "a");
  EXPECT_EQ(found("", {{.field_name = "metrics.loss"}}), "b a none");
  EXPECT_EQ(found("", {{.field_name = "metrics.loss", .ascending = false}}), "a b none");
  EXPECT_EQ(found("", {}, 100, 0, {{"train", "train"}}), "b");
  EXPECT_EQ(found("metrics.loss < 0.2", {}, 100, 0, {{"train", "train"}}), "");
  EXPECT_EQ(found("", {}, 100, 0, {{"train", std::nullopt}}), "");
}

// The contents of a page are read in chunks.
TEST_P(LoggedModelsTest, EveryModelOfALongPageHasItsTags) {
  execute(
      "INSERT INTO logged_models (model_id, experiment_id, name, artifact_location,"
      " creation_timestamp_ms, last_updated_timestamp_ms, status, lifecycle_stage)"
      " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 401)"
      " SELECT 'm' || i || part, 0, 'n' || i || part, '', 1, 1, 1, 'active' FROM n,"
      " (SELECT 'a' AS part UNION SELECT 'b' UNION SELECT 'c') AS parts");
  execute(
      "INSERT INTO logged_model_tags (model_id, experiment_id, tag_key, tag_value)"
      " SELECT model_id, 0, 'k', name FROM logged_models");
  int right = 0;
  const search::LoggedModelSearch all{
      .experiment_ids = {0}, .filter = {}, .datasets = {}, .order = {{.column = "model_id"}}};
  EXPECT_FALSE(read(tracking::search_logged_models, all, 5000, 0, [&](const LoggedModel& model) {
    right += text_of(model.tags) == "k=" + model.name ? 1 : 0;
  }));
  EXPECT_EQ(right, 1203);
}

MILLRACE_REGISTRY_SUITE(LoggedModelsTest);

}  // namespace
}  // namespace millrace::tracking_logged_models_test
