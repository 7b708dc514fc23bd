#include "api/rules/experiment.h"

#include <gtest/gtest.h>

#include "store/common/error.h"

namespace millrace::experiment_test {
namespace {

template <class Check>
std::string problem(const Check& check) {
  try {
    check();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InvalidParameterValue);
    return error.message();
  }
  return "";
}

std::string location_problem(const std::string& location, const Config& config = {}) {
  return problem([&] { validate_artifact_location(location, config); });
}

std::string tag_problem(const std::string& key, const std::string& value) {
  return problem([&] { validate_experiment_tag({key, value}); });
}

TEST(ExperimentRules, Locations) {
  EXPECT_EQ(location_problem("s3://b/../p?x=1"), "");
  EXPECT_EQ(location_problem("s3://b/p;not-params"), "");
  EXPECT_EQ(location_problem("unknown:p"), "");
  for (const char* location : {"s3://b/p#f", "/p;q", "ftp://h/p;type=a"}) {
    EXPECT_EQ(location_problem(location),
              "'artifact_location' URL can't include fragments or params.");
  }
  for (const char* location : {"s3://b/p?a=..", "s3://b/p?a=%252e%2E"}) {
    EXPECT_EQ(location_problem(location), "Invalid query string");
  }
  EXPECT_EQ(location_problem("runs:/r/p"),
            "Artifact location cannot be a runs:/ URI. Given: 'runs:/r/p'");
}

TEST(ExperimentRules, HostsOfTheClientsChoosing) {
  Config config;
  EXPECT_EQ(location_problem("mlflow-artifacts:/p", config), "");
  EXPECT_NE(location_problem("mlflow-artifacts://h/p", config), "");
  EXPECT_NE(location_problem("hdfs://h/p", config), "");
  config.allowed_host_addressed_artifact_schemes = {"hdfs"};
  EXPECT_EQ(location_problem("hdfs://h/p", config), "");
  config.default_artifact_root = "http://h/p";
  EXPECT_EQ(location_problem("http://h/q", config), "");
  EXPECT_NE(location_problem("http://other/q", config), "");
}

TEST(ExperimentRules, LengthsCountCharacters) {
  Config config;
  config.artifact_location_max_length = 7;
  EXPECT_EQ(location_problem("s3://b/", config), "");
  EXPECT_EQ(location_problem("s3://\u00e9/", config), "");
  EXPECT_NE(location_problem("s3://b/p", config), "");
  EXPECT_NE(problem([&] { resolve_artifact_location("p", config); }), "");
  EXPECT_EQ(problem([] { validate_experiment_name(std::string(500, 'x')); }), "");
  EXPECT_EQ(problem([] { validate_experiment_name(std::string(501, 'x')); }),
            "'name' exceeds the maximum length of 500 characters");
  EXPECT_EQ(tag_problem(std::string(250, 'k'), std::string(20'000, 'v')), "");
  EXPECT_EQ(tag_problem(std::string(251, 'k'), ""),
            "'key' exceeds the maximum length of 250 characters");
  EXPECT_EQ(tag_problem("k", std::string(20'001, 'v')),
            "'value' exceeds the maximum length of 20000 characters");
}

TEST(ExperimentRules, TagsOfTraces) {
  const std::string retention = "mlflow.trace.archivalRetention";
  EXPECT_EQ(tag_problem(retention, R"({"type": "duration", "value": " 30d "})"), "");
  EXPECT_EQ(tag_problem(retention, "x"), "Trace archival config must be encoded as a JSON object.");
  EXPECT_EQ(tag_problem(retention, R"({"value": "30d"})"),
            "Trace archival config must use type 'duration'.");
  EXPECT_EQ(tag_problem(retention, R"({"type": "duration", "value": "030d"})"),
            "Trace archival retention must be in the form `<int><unit>`, where unit is one of "
            "'m', 'h', or 'd'.");
  EXPECT_EQ(tag_problem("mlflow.trace.archiveNow", "{}"), "");
  EXPECT_EQ(tag_problem("mlflow.trace.archiveNow",
                        R"({"older_than": "11111111111111111111111111111111d"})"),
            "Trace archival duration must be at most 32 characters.");
}

TEST(ExperimentRules, FiftyCustomViews) {
  std::vector<Tag> tags;
  for (int i = 0; i < 50; ++i) tags.push_back({"mlflow.customView.view" + std::to_string(i), ""});
  tags.push_back({"other", ""});
  EXPECT_EQ(problem([&] { validate_custom_views(tags); }), "");
  EXPECT_EQ(problem([&] { validate_new_custom_view("mlflow.customView.view7", tags, "3"); }), "");
  EXPECT_EQ(problem([&] { validate_new_custom_view("mlflow.customView.view", tags, "3"); }),
            "Unable to create another custom view for experiment 3; the maximum number of custom "
            "views per experiment is 50. Delete an existing custom view before creating a new "
            "one.");
  tags.push_back({"mlflow.customView.view50", ""});
  EXPECT_NE(problem([&] { validate_custom_views(tags); }), "");
}

}  // namespace
}  // namespace millrace::experiment_test
