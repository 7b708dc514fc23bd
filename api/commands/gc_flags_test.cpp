#include "api/commands/gc_flags.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "store/common/error.h"

namespace millrace::gc_flags_test {
namespace {

TEST(GcFlagsTest, AgesAreReadAsByMlflow) {
  EXPECT_EQ(parse_age(""), 0);
  EXPECT_EQ(parse_age("1s"), 1'000);
  EXPECT_EQ(parse_age("8h"), 28'800'000);
  EXPECT_EQ(parse_age("2d8h5m20s"), 201'920'000);
  EXPECT_EQ(parse_age("1.2d3h4m5s"), 114'725'000);
  EXPECT_EQ(parse_age("0.5s"), 500);
  EXPECT_EQ(parse_age(".5s"), 500);
  EXPECT_EQ(parse_age("90m"), 5'400'000);
}

TEST(GcFlagsTest, AnythingElseIsRefused) {
  for (const char* bad : {"soon", "1", "d", "2m1h", "1d1d", "1.2.3s", ".d", "-1d", "1d ", " 1d",
                          "1D", "99999999999d"})
    EXPECT_THROW(parse_age(bad), Error) << bad;
}

CommandLine parse(std::vector<const char*> words) {
  words.insert(words.begin(), {"millrace", "gc"});
  return parse_command_line(static_cast<int>(words.size()), words.data());
}

TEST(GcFlagsTest, TheOptionsOfMlflowGc) {
  const CommandLine command =
      parse({"--older-than", "1h", "--run-ids", "a,b", "--logged-model-ids", "", "--tracking-uri",
             "http://x", "--backend-store-uri", "sqlite:///x.db", "--dry-run"});
  ASSERT_FALSE(command.exit_code) << command.err;
  ASSERT_TRUE(command.gc);
  EXPECT_EQ(command.gc->older_than, "1h");
  EXPECT_EQ(command.gc->age_ms, 3'600'000);
  EXPECT_EQ(command.gc->run_ids, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(command.gc->experiment_ids, std::nullopt);
  EXPECT_EQ(command.gc->logged_model_ids, std::nullopt);
  EXPECT_TRUE(command.gc->dry_run);
  EXPECT_EQ(command.config.backend_store_uri, "sqlite:///x.db");
  EXPECT_EQ(command.config.registry_store_uri, "sqlite:///x.db");
  EXPECT_FALSE(command.gc->registry_given);
  EXPECT_FALSE(command.gc->destination_given);
  EXPECT_EQ(command.gc->server.url, "http://x");
  EXPECT_TRUE(command.gc->server.verify_certificate);
}

TEST(GcFlagsTest, WhatWasGivenIsToldFromDefaults) {
  const CommandLine command =
      parse({"--registry-store-uri", "sqlite:///r.db", "--artifacts-destination", "./mlartifacts",
             "--tracking-uri", "sqlite:///t.db", "--all-workspaces"});
  ASSERT_FALSE(command.exit_code) << command.err;
  EXPECT_TRUE(command.gc->registry_given);
  EXPECT_TRUE(command.gc->destination_given);
  EXPECT_EQ(command.gc->server.url, "");
}

TEST(GcFlagsTest, TheServerIsAskedAsTheStockClientAsks) {
  const std::vector<std::pair<const char*, const char*>> variables = {
      {"MLFLOW_TRACKING_URI", "https://h/p"},   {"MLFLOW_TRACKING_USERNAME", "u"},
      {"MLFLOW_TRACKING_PASSWORD", "secret"},   {"MLFLOW_TRACKING_TOKEN", "t"},
      {"MLFLOW_TRACKING_INSECURE_TLS", "true"}, {"MLFLOW_TRACKING_SERVER_CERT_PATH", "/ca.pem"},
      {"MLFLOW_WORKSPACE", "default"}};
  for (const auto& [name, value] : variables) setenv(name, value, 1);
  const CommandLine command = parse({"--workspace", "default"});
  setenv("MLFLOW_WORKSPACE", "team", 1);
  const CommandLine other = parse({});
  const CommandLine all = parse({"--all-workspaces"});
  for (const auto& [name, value] : variables) unsetenv(name);
  ASSERT_FALSE(command.exit_code) << command.err;
  const HttpTarget& server = command.gc->server;
  EXPECT_EQ(server.url, "https://h/p");
  EXPECT_EQ(server.username, "u");
  EXPECT_EQ(server.password, "secret");
  EXPECT_EQ(server.token, "t");
  EXPECT_EQ(server.ca_file, "/ca.pem");
  EXPECT_FALSE(server.verify_certificate);
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_NE(other.err.find("MLFLOW_WORKSPACE"), std::string::npos) << other.err;
  EXPECT_FALSE(all.exit_code) << all.err;
}

TEST(GcFlagsTest, BadUsageIsOneLine) {
  const std::vector<std::vector<const char*>> all = {
      {"--jobs"},
      {"--job-ids", "j"},
      {"--workspace", "w"},
      {"--all-workspaces", "--workspace", "default"},
      {"--nonsense"},
      {"--older-than"},
      {"--backend-store-uri", "mssql://u:secret@h/d"}};
  for (const auto& words : all) {
    const CommandLine command = parse(words);
    EXPECT_EQ(command.exit_code, 2) << words[0];
    EXPECT_NE(command.err.find(words[0]), std::string::npos) << command.err;
    EXPECT_EQ(command.err.find("secret"), std::string::npos);
  }
}

}  // namespace
}  // namespace millrace::gc_flags_test
