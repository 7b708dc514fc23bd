#include "api/commands/gc_flags.h"

#include <gtest/gtest.h>

#include "store/common/error.h"

namespace millrace {
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
}

TEST(GcFlagsTest, BadUsageIsOneLine) {
  const std::vector<std::vector<const char*>> all = {
      {"--jobs"},     {"--all-workspaces"}, {"--workspace", "w"},
      {"--nonsense"}, {"--older-than"},     {"--backend-store-uri", "mssql://u:secret@h/d"}};
  for (const auto& words : all) {
    const CommandLine command = parse(words);
    EXPECT_EQ(command.exit_code, 2) << words[0];
    EXPECT_NE(command.err.find(words[0]), std::string::npos) << command.err;
    EXPECT_EQ(command.err.find("secret"), std::string::npos);
  }
}

}  // namespace
}  // namespace millrace
