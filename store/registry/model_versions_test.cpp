#include "store/registry/model_versions.h"

#include "store/suites/registry.h"

namespace millrace::model_versions_test {
namespace {

constexpr auto kNotFound = ErrorCode::ResourceDoesNotExist;

class ModelVersionsTest : public RegistrySuite {};

TEST_P(ModelVersionsTest, CreateReturnsWhatWasStored) {
  FixedClock clock(1000);
  write(registry::create_registered_model, "m", {}, "");
  clock.set(2000);
  const ModelVersion made =
      write(registry::create_model_version, {.name = "m",
                                             .source = "models:/x/1",
                                             .storage_location = "s3://b/p",
                                             .run_id = "run",
                                             .run_link = "link",
                                             .description = "text",
                                             .tags = {{"b", "1"}, {"a", "2"}, {"b", "3"}}});
  EXPECT_EQ(read(registry::get_registered_model, "m").last_updated_timestamp, 2000);
  const ModelVersion found = read(registry::get_model_version, "m", 1);
  for (const ModelVersion& version : {made, found}) {
    EXPECT_EQ(version.name, "m");
    EXPECT_EQ(version.version, 1);
    EXPECT_EQ(version.creation_timestamp, 2000);
    EXPECT_EQ(version.last_updated_timestamp, 2000);
    EXPECT_EQ(version.current_stage, "None");
    EXPECT_EQ(version.description, "text");
    EXPECT_EQ(version.source, "models:/x/1");
    EXPECT_EQ(version.storage_location, "s3://b/p");
    EXPECT_EQ(version.run_id, "run");
    EXPECT_EQ(version.run_link, "link");
    EXPECT_EQ(version.status, "READY");
    EXPECT_TRUE(version.aliases.empty());
  }
  EXPECT_EQ(text_of(made.tags), "b=3 a=2");
  EXPECT_EQ(as_listed(db(), found.tags), as_listed(db(), {{"b", "3"}, {"a", "2"}}));
}

TEST_P(ModelVersionsTest, NullStaysApartFromEmpty) {
  write(registry::create_registered_model, "m", {}, "");
  write(registry::create_model_version, {.name = "m",
                                         .source = "s",
                                         .storage_location = "s",
                                         .run_id = std::nullopt,
                                         .run_link = "",
                                         .description = std::nullopt,
                                         .tags = {}});
  const ModelVersion found = read(registry::get_model_version, "m", 1);
  EXPECT_EQ(found.run_id, std::nullopt);
  EXPECT_EQ(found.run_link, "");
  EXPECT_EQ(found.description, std::nullopt);
}

TEST_P(ModelVersionsTest, DeletedVersionsCountForTheNumber) {
  write(registry::create_registered_model, "m", {}, "");
  EXPECT_EQ(add_version("m").version, 1);
  EXPECT_EQ(add_version("m").version, 2);
  write(registry::delete_model_version, "m", 2);
  EXPECT_EQ(add_version("m").version, 3);
}

TEST_P(ModelVersionsTest, CreateNeedsTheModel) {
  EXPECT_MILLRACE_ERROR(add_version("zz"), kNotFound, "Registered Model with name=zz not found");
}

TEST_P(ModelVersionsTest, MissingVersionIsNotFound) {
  write(registry::create_registered_model, "m", {}, "");
  add_version("m");
  write(registry::delete_model_version, "m", 1);
  for (const auto& [name, version] : {std::pair("m", 1), std::pair("m", 2), std::pair("zz", 1),
                                      std::pair("m", 0), std::pair("m", -1)}) {
    const std::string text = "Model Version (name=" + std::string(name) +
                             ", version=" + std::to_string(version) + ") not found";
    EXPECT_MILLRACE_ERROR(read(registry::get_model_version, name, version), kNotFound, text);
    EXPECT_MILLRACE_ERROR(write(registry::update_model_version, name, version, "d"), kNotFound,
                          text);
    EXPECT_MILLRACE_ERROR(
        write(registry::transition_model_version_stage, name, version, "Staging", true), kNotFound,
        text);
    EXPECT_MILLRACE_ERROR(write(registry::delete_model_version, name, version), kNotFound, text);
    EXPECT_MILLRACE_ERROR(read(registry::get_model_version_download_uri, name, version), kNotFound,
                          text);
    EXPECT_MILLRACE_ERROR(write(registry::set_model_version_tag, name, version, {"k", "v"}),
                          kNotFound, text);
    EXPECT_MILLRACE_ERROR(write(registry::delete_model_version_tag, name, version, "k"), kNotFound,
                          text);
  }
}

TEST_P(ModelVersionsTest, GetCarriesAliasesOfThatVersionSorted) {
  write(registry::create_registered_model, "m", {}, "");
  add_version("m");
  add_version("m");
  write(registry::set_registered_model_alias, "m", "z", 2);
  write(registry::set_registered_model_alias, "m", "a", 2);
  write(registry::set_registered_model_alias, "m", "k", 1);
  EXPECT_EQ(text_of(read(registry::get_model_version, "m", 2).aliases), "a z");
}

TEST_P(ModelVersionsTest, UpdateStampsTheVersionAlone) {
  FixedClock clock(1000);
  write(registry::create_registered_model, "m", {}, "");
  add_version("m", {{"k", "v"}});
  write(registry::set_registered_model_alias, "m", "a", 1);
  clock.set(2000);
  const ModelVersion updated = write(registry::update_model_version, "m", 1, "");
  EXPECT_EQ(updated.description, "");
  EXPECT_EQ(updated.last_updated_timestamp, 2000);
  EXPECT_EQ(text_of(updated.tags), "k=v");
  EXPECT_EQ(text_of(updated.aliases), "a");
  EXPECT_EQ(write(registry::update_model_version, "m", 1, std::nullopt).description, std::nullopt);
  EXPECT_EQ(read(registry::get_registered_model, "m").last_updated_timestamp, 1000);
}

TEST_P(ModelVersionsTest, TransitionStampsVersionAndModel) {
  FixedClock clock(1000);
  write(registry::create_registered_model, "m", {}, "");
  add_version("m", {{"k", "v"}});
  add_version("m");
  write(registry::set_registered_model_alias, "m", "a", 1);
  clock.set(2000);
  const ModelVersion moved =
      write(registry::transition_model_version_stage, "m", 1, "Production", false);
  EXPECT_EQ(moved.current_stage, "Production");
  EXPECT_EQ(moved.last_updated_timestamp, 2000);
  EXPECT_EQ(text_of(moved.tags), "k=v");
  EXPECT_EQ(text_of(moved.aliases), "a");
  EXPECT_EQ(read(registry::get_registered_model, "m").last_updated_timestamp, 2000);
  EXPECT_EQ(read(registry::get_model_version, "m", 2).last_updated_timestamp, 1000);
  clock.set(3000);
  write(registry::transition_model_version_stage, "m", 1, "Production", true);
  EXPECT_EQ(read(registry::get_model_version, "m", 1).last_updated_timestamp, 3000)
      << "a move to the same stage";
  EXPECT_EQ(read(registry::get_registered_model, "m").last_updated_timestamp, 3000);
}

TEST_P(ModelVersionsTest, TransitionArchivesTheOthersOfTheTargetStageOnly) {
  FixedClock clock(1000);
  write(registry::create_registered_model, "m", {}, "");
  for (int i = 0; i < 5; ++i) add_version("m");
  for (int version : {1, 2})
    write(registry::transition_model_version_stage, "m", version, "Production", false);
  write(registry::transition_model_version_stage, "m", 3, "Staging", false);
  clock.set(2000);
  write(registry::transition_model_version_stage, "m", 4, "Production", true);
  const std::vector<std::pair<std::string, int>> expected{{"Archived", 2000},
                                                          {"Archived", 2000},
                                                          {"Staging", 1000},
                                                          {"Production", 2000},
                                                          {"None", 1000}};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const ModelVersion version =
        read(registry::get_model_version, "m", static_cast<std::int64_t>(i) + 1);
    EXPECT_EQ(version.current_stage, expected[i].first) << i;
    EXPECT_EQ(version.last_updated_timestamp, expected[i].second) << i;
  }
}

TEST_P(ModelVersionsTest, FailedTransitionArchivesNothing) {
  FixedClock clock(1000);
  write(registry::create_registered_model, "m", {}, "");
  add_version("m");
  write(registry::transition_model_version_stage, "m", 1, "Production", false);
  clock.set(2000);
  EXPECT_THROW(write(registry::transition_model_version_stage, "m", 9, "Production", true), Error);
  EXPECT_EQ(read(registry::get_model_version, "m", 1).current_stage, "Production");
  EXPECT_EQ(read(registry::get_registered_model, "m").last_updated_timestamp, 1000);
}

TEST_P(ModelVersionsTest, RemoveRedactsAndKeepsTags) {
  FixedClock clock(1000);
  write(registry::create_registered_model, "m", {}, "");
  add_version("m", {{"k", "v"}});
  add_version("m");
  write(registry::set_registered_model_alias, "m", "gone", 1);
  write(registry::set_registered_model_alias, "m", "stays", 2);
  clock.set(2000);
  write(registry::delete_model_version, "m", 1);
  const RegisteredModel model = read(registry::get_registered_model, "m");
  EXPECT_EQ(model.last_updated_timestamp, 2000);
  EXPECT_EQ(text_of(model.aliases), "stays->2");
  EXPECT_EQ(text_of(model.latest_versions), "2:None");
  using Text = std::optional<std::string>;
  const auto row = db().read([](Work& work) {
    return work.first<Text, Text, Text, Text, Text, Text, std::int64_t>(
        "SELECT current_stage, description, source, run_id, run_link, storage_location,"
        " last_updated_time FROM model_versions WHERE name = 'm' AND version = 1");
  });
  ASSERT_TRUE(row);
  EXPECT_EQ(*row, std::make_tuple(Text("Deleted_Internal"), Text(), Text("REDACTED-SOURCE-PATH"),
                                  Text("REDACTED-RUN-ID"), Text("REDACTED-RUN-LINK"),
                                  Text("s3://bucket/path"), std::int64_t{2000}));
  const auto tags = db().read([](Work& work) {
    return work.first<std::int64_t>("SELECT COUNT(*) FROM model_version_tags WHERE version = 1");
  });
  EXPECT_EQ(std::get<0>(*tags), 1);
}

TEST_P(ModelVersionsTest, TagsUpsertAndStampNothing) {
  FixedClock clock(1000);
  write(registry::create_registered_model, "m", {}, "");
  add_version("m", {{"c", "1"}, {"b", "2"}, {"a", "3"}});
  add_version("m", {{"b", "other"}});
  clock.set(2000);
  write(registry::set_model_version_tag, "m", 1, {"b", "new"});
  write(registry::set_model_version_tag, "m", 1, {"0", ""});
  write(registry::delete_model_version_tag, "m", 1, "c");
  write(registry::delete_model_version_tag, "m", 1, "c");
  write(registry::set_model_version_tag, "m", 1, {"c", "again"});
  const ModelVersion version = read(registry::get_model_version, "m", 1);
  EXPECT_EQ(as_listed(db(), version.tags),
            as_listed(db(), {{"b", "new"}, {"a", "3"}, {"0", ""}, {"c", "again"}}));
  EXPECT_EQ(text_of(read(registry::get_model_version, "m", 2).tags), "b=other");
  EXPECT_EQ(version.last_updated_timestamp, 1000);
  EXPECT_EQ(read(registry::get_registered_model, "m").last_updated_timestamp, 1000);
}

TEST_P(ModelVersionsTest, DownloadUriIsTheStorageLocationElseTheSource) {
  write(registry::create_registered_model, "m", {}, "");
  for (const char* location : {"s3://b/real", ""}) {
    write(registry::create_model_version, {.name = "m",
                                           .source = "models:/x/1",
                                           .storage_location = location,
                                           .run_id = "",
                                           .run_link = "",
                                           .description = "",
                                           .tags = {}});
  }
  EXPECT_EQ(read(registry::get_model_version_download_uri, "m", 1), "s3://b/real");
  EXPECT_EQ(read(registry::get_model_version_download_uri, "m", 2), "models:/x/1");
}

TEST_P(ModelVersionsTest, LatestVersionsOfStagesCarryAliases) {
  write(registry::create_registered_model, "m", {}, "");
  EXPECT_EQ(text_of(read(registry::get_latest_versions, "m", {})), "");
  for (int i = 0; i < 5; ++i) add_version("m", {{"k", std::to_string(i)}});
  write(registry::transition_model_version_stage, "m", 2, "Production", false);
  write(registry::transition_model_version_stage, "m", 3, "Archived", false);
  write(registry::transition_model_version_stage, "m", 4, "Production", false);
  write(registry::set_registered_model_alias, "m", "z", 4);
  write(registry::set_registered_model_alias, "m", "a", 4);
  write(registry::set_registered_model_alias, "m", "old", 2);
  const auto all = read(registry::get_latest_versions, "m", {});
  ASSERT_EQ(text_of(all), "5:None 4:Production 3:Archived");
  EXPECT_EQ(text_of(all[1].aliases), "a z");
  EXPECT_EQ(text_of(all[1].tags), "k=3");
  EXPECT_EQ(text_of(read(registry::get_latest_versions, "m", {"Archived", "None", "Staging"})),
            "5:None 3:Archived");
  EXPECT_EQ(text_of(read(registry::get_latest_versions, "m", {"Staging"})), "");
  EXPECT_MILLRACE_ERROR(read(registry::get_latest_versions, "zz", {}), kNotFound,
                        "Registered Model with name=zz not found");
}

TEST_P(ModelVersionsTest, ByAlias) {
  write(registry::create_registered_model, "m", {}, "");
  EXPECT_MILLRACE_ERROR(read(registry::get_model_version_by_alias, "m", "latest"), kNotFound,
                        "Latest version not found for model m.");
  for (int i = 0; i < 3; ++i) add_version("m", {{"k", "v"}});
  write(registry::transition_model_version_stage, "m", 1, "Production", false);
  write(registry::transition_model_version_stage, "m", 3, "Staging", false);
  write(registry::set_registered_model_alias, "m", "champion", 1);
  write(registry::set_registered_model_alias, "m", "b", 3);
  const ModelVersion champion = read(registry::get_model_version_by_alias, "m", "champion");
  EXPECT_EQ(champion.version, 1);
  EXPECT_EQ(text_of(champion.aliases), "champion");
  EXPECT_EQ(text_of(champion.tags), "k=v");
  const ModelVersion latest = read(registry::get_model_version_by_alias, "m", "LaTest");
  EXPECT_EQ(latest.version, 3);
  EXPECT_EQ(text_of(latest.aliases), "b");
  EXPECT_MILLRACE_ERROR(read(registry::get_model_version_by_alias, "m", "nope"),
                        ErrorCode::InvalidParameterValue, "Registered model alias nope not found.");
  for (const char* alias : {"latest", "nope"}) {
    EXPECT_MILLRACE_ERROR(read(registry::get_model_version_by_alias, "zz", alias), kNotFound,
                          "Registered Model with name=zz not found");
  }
}

MILLRACE_REGISTRY_SUITE(ModelVersionsTest);

}  // namespace
}  // namespace millrace::model_versions_test
