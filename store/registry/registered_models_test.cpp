#include "store/registry/registered_models.h"

#include "store/suites/registry.h"

namespace millrace::registered_models_test {
namespace {

constexpr auto kNotFound = ErrorCode::ResourceDoesNotExist;
constexpr auto kExists = ErrorCode::ResourceAlreadyExists;

class RegisteredModelsTest : public RegistrySuite {
 protected:
  std::int64_t number(const std::string& sql) {
    return db().read([&sql](Work& work) { return std::get<0>(*work.first<std::int64_t>(sql)); });
  }
  // Runs `body` as the handlers of rename and delete have it run.
  void write_keeping_references(const std::function<void(Work&)>& body) {
    db().write(WorkOrder{.load = Load::Large, .references = References::KeptByBody}, body);
  }
};

TEST_P(RegisteredModelsTest, CreateReturnsWhatWasStored) {
  const FixedClock clock(1'700'000'000'123);
  const RegisteredModel made =
      write(registry::create_registered_model, "mm", {{"b", "1"}, {"a", "2"}}, "text");
  EXPECT_EQ(made.name, "mm");
  EXPECT_EQ(made.creation_timestamp, 1'700'000'000'123);
  EXPECT_EQ(made.last_updated_timestamp, 1'700'000'000'123);
  EXPECT_EQ(made.description, "text");
  EXPECT_EQ(text_of(made.tags), "b=1 a=2");
  EXPECT_TRUE(made.latest_versions.empty());
  EXPECT_TRUE(made.aliases.empty());

  const RegisteredModel found = read(registry::get_registered_model, "mm");
  EXPECT_EQ(found.creation_timestamp, made.creation_timestamp);
  EXPECT_EQ(found.last_updated_timestamp, made.last_updated_timestamp);
  EXPECT_EQ(found.description, "text");
}

TEST_P(RegisteredModelsTest, DescriptionKeepsNullApartFromEmpty) {
  write(registry::create_registered_model, "none", {}, std::nullopt);
  write(registry::create_registered_model, "empty", {}, "");
  EXPECT_EQ(read(registry::get_registered_model, "none").description, std::nullopt);
  EXPECT_EQ(read(registry::get_registered_model, "empty").description, "");
}

TEST_P(RegisteredModelsTest, KeyGivenTwiceKeepsItsPlaceAndTakesTheLastValue) {
  const RegisteredModel made =
      write(registry::create_registered_model, "m", {{"z", "1"}, {"y", "2"}, {"z", "3"}}, "");
  EXPECT_EQ(text_of(made.tags), "z=3 y=2");
  EXPECT_EQ(as_listed(db(), read(registry::get_registered_model, "m").tags),
            as_listed(db(), {{"z", "3"}, {"y", "2"}}));
}

TEST_P(RegisteredModelsTest, NameTakenTellsModelsFromPrompts) {
  const std::vector<Tag> prompt{{"mlflow.prompt.is_prompt", "whatever"}};
  write(registry::create_registered_model, "m's", {}, "");
  write(registry::create_registered_model, "p", prompt, "");
  EXPECT_MILLRACE_ERROR(write(registry::create_registered_model, "m's", {{"k", "v"}}, ""), kExists,
                        "Registered Model (name=m's) already exists.");
  EXPECT_MILLRACE_ERROR(write(registry::create_registered_model, "p", prompt, ""), kExists,
                        "Prompt (name=p) already exists.");
  EXPECT_MILLRACE_ERROR(
      write(registry::create_registered_model, "m's", prompt, ""), kExists,
      "Tried to create a prompt with name \"m's\", but the name is already taken by a registered "
      "model. MLflow does not allow creating a model and a prompt with the same name.");
  EXPECT_MILLRACE_ERROR(
      write(registry::create_registered_model, "p", {}, ""), kExists,
      "Tried to create a registered model with name 'p', but the name is already taken by a "
      "prompt. MLflow does not allow creating a model and a prompt with the same name.");
  EXPECT_EQ(text_of(read(registry::get_registered_model, "m's").tags), "");
}

TEST_P(RegisteredModelsTest, AnyOddNameIsFoundAgain) {
  for (const std::string& name :
       {std::string(" a "), std::string("a\nb"), std::string("\xC3\xA9\xF0\x9F\x90\x88"),
        std::string("%_\\?'\""), std::string(256, 'x')}) {
    write(registry::create_registered_model, name, {}, "");
    EXPECT_EQ(read(registry::get_registered_model, name).name, name);
  }
}

TEST_P(RegisteredModelsTest, NulIsKeptOrRefused) {
  const std::string name("a\0b", 3);
  if (db().dialect() == Dialect::Postgresql) {
    EXPECT_MILLRACE_ERROR(write(registry::create_registered_model, name, {}, ""),
                          ErrorCode::BadRequest,
                          "The database refused the request: a text holds the character NUL.");
    return;
  }
  write(registry::create_registered_model, name, {}, "");
  EXPECT_EQ(read(registry::get_registered_model, name).name, name);
}

TEST_P(RegisteredModelsTest, MissingModelIsNotFound) {
  const std::string text = "Registered Model with name=zz not found";
  EXPECT_MILLRACE_ERROR(read(registry::get_registered_model, "zz"), kNotFound, text);
  EXPECT_MILLRACE_ERROR(write(registry::update_registered_model, "zz", "d"), kNotFound, text);
  EXPECT_MILLRACE_ERROR(write(registry::rename_registered_model, "zz", "yy"), kNotFound, text);
  EXPECT_MILLRACE_ERROR(write(registry::delete_registered_model, "zz"), kNotFound, text);
  EXPECT_MILLRACE_ERROR(write(registry::set_registered_model_tag, "zz", {"k", "v"}), kNotFound,
                        text);
  EXPECT_MILLRACE_ERROR(write(registry::delete_registered_model_tag, "zz", "k"), kNotFound, text);
  EXPECT_MILLRACE_ERROR(write(registry::delete_registered_model_alias, "zz", "a"), kNotFound, text);
  EXPECT_MILLRACE_ERROR(read(registry::is_prompt, "zz"), kNotFound, text);
  EXPECT_MILLRACE_ERROR(write(registry::set_registered_model_alias, "zz", "a", 1), kNotFound,
                        "Model Version (name=zz, version=1) not found");
}

TEST_P(RegisteredModelsTest, UpdateStampsTheModelAlone) {
  FixedClock clock(1000);
  write(registry::create_registered_model, "m", {{"k", "v"}}, "old");
  add_version("m");
  write(registry::set_registered_model_alias, "m", "a", 1);
  clock.set(2000);
  const RegisteredModel updated = write(registry::update_registered_model, "m", std::nullopt);
  EXPECT_EQ(updated.description, std::nullopt);
  EXPECT_EQ(updated.creation_timestamp, 1000);
  EXPECT_EQ(updated.last_updated_timestamp, 2000);
  EXPECT_EQ(text_of(updated.tags), "k=v");
  EXPECT_EQ(text_of(updated.aliases), "a->1");
  ASSERT_EQ(text_of(updated.latest_versions), "1:None");
  EXPECT_EQ(updated.latest_versions[0].last_updated_timestamp, 1000);
}

TEST_P(RegisteredModelsTest, RenameTakesEverythingAlong) {
  FixedClock clock(1000);
  write(registry::create_registered_model, "old", {{"k", "v"}}, "d");
  add_version("old", {{"vk", "vv"}});
  add_version("old");
  write(registry::set_registered_model_alias, "old", "a", 1);
  write(registry::delete_model_version, "old", 2);
  clock.set(5000);
  const RegisteredModel renamed = write(registry::rename_registered_model, "old", "new");
  EXPECT_EQ(renamed.name, "new");
  EXPECT_EQ(renamed.creation_timestamp, 1000);
  EXPECT_EQ(renamed.last_updated_timestamp, 5000);
  EXPECT_EQ(text_of(renamed.tags), "k=v");
  EXPECT_EQ(text_of(renamed.aliases), "a->1");
  ASSERT_EQ(text_of(renamed.latest_versions), "1:None");
  EXPECT_EQ(renamed.latest_versions[0].name, "new");
  EXPECT_EQ(renamed.latest_versions[0].last_updated_timestamp, 5000);
  EXPECT_EQ(text_of(renamed.latest_versions[0].tags), "vk=vv");
  EXPECT_MILLRACE_ERROR(read(registry::get_registered_model, "old"), kNotFound,
                        "Registered Model with name=old not found");
  EXPECT_EQ(add_version("new").version, 3) << "the deleted version came along";
  const auto deleted_stamp = db().read([](Work& work) {
    return work.first<std::int64_t>(
        "SELECT last_updated_time FROM model_versions WHERE name = 'new' AND version = 2");
  });
  EXPECT_EQ(std::get<0>(*deleted_stamp), 5000);
}

TEST_P(RegisteredModelsTest, WithoutForeignKeysRenameAndDeleteLeaveNoneBroken) {
  FixedClock clock(1000);
  for (const char* name : {"old", "other"}) {
    write(registry::create_registered_model, name, {{"k", "v"}}, "d");
    add_version(name, {{"vk", "vv"}});
    add_version(name, {{"vk", "vv"}});
    write(registry::set_registered_model_alias, name, "a", 1);
  }
  clock.set(5000);
  write_keeping_references([](Work& work) {
    const RegisteredModel renamed = registry::rename_registered_model(work, "old", "new");
    EXPECT_EQ(text_of(renamed.latest_versions), "2:None");
    EXPECT_EQ(renamed.latest_versions[0].last_updated_timestamp, 5000);
    EXPECT_EQ(text_of(renamed.latest_versions[0].tags), "vk=vv");
    EXPECT_EQ(text_of(renamed.tags), "k=v");
    EXPECT_EQ(text_of(renamed.aliases), "a->1");
  });
  const std::vector<std::pair<std::string, std::int64_t>> rows = {{"registered_models", 1},
                                                                  {"model_versions", 2},
                                                                  {"registered_model_tags", 1},
                                                                  {"model_version_tags", 2},
                                                                  {"registered_model_aliases", 1}};
  for (const auto& [table, count] : rows) {
    EXPECT_EQ(number("SELECT COUNT(*) FROM " + table + " WHERE name = 'new'"), count) << table;
    EXPECT_EQ(number("SELECT COUNT(*) FROM " + table + " WHERE name = 'other'"), count) << table;
    EXPECT_EQ(number("SELECT COUNT(*) FROM " + table), 2 * count) << table;
  }
  EXPECT_THROW(write_keeping_references(
                   [](Work& work) { registry::rename_registered_model(work, "new", "other"); }),
               Error);
  EXPECT_EQ(number("SELECT COUNT(*) FROM model_versions WHERE name = 'new'"), 2);
  write_keeping_references([](Work& work) { registry::delete_registered_model(work, "new"); });
  for (const auto& [table, count] : rows) {
    EXPECT_EQ(number("SELECT COUNT(*) FROM " + table), count) << table;
  }
}

// Where foreign keys are not checked, these are the tables to take along.
TEST_P(RegisteredModelsTest, OfTheSchemaTheseTablesReferToModelsAndVersions) {
  if (db().dialect() != Dialect::Sqlite) GTEST_SKIP() << "there foreign keys are always checked";
  std::vector<std::string> tables;
  db().read([&tables](Work& work) {
    work.each<std::string>(
        "SELECT DISTINCT t.name FROM sqlite_master t, pragma_foreign_key_list(t.name) k"
        " WHERE t.type = 'table' AND k.\"table\" IN ('registered_models', 'model_versions')"
        " ORDER BY t.name",
        {}, [&tables](std::string table) { tables.push_back(std::move(table)); });
  });
  EXPECT_EQ(text_of(tables),
            "model_version_tags model_versions registered_model_aliases registered_model_tags");
}

TEST_P(RegisteredModelsTest, RenameToItselfStamps) {
  FixedClock clock(1000);
  write(registry::create_registered_model, "m", {}, "");
  add_version("m");
  clock.set(2000);
  const RegisteredModel renamed = write(registry::rename_registered_model, "m", "m");
  EXPECT_EQ(renamed.last_updated_timestamp, 2000);
  EXPECT_EQ(renamed.latest_versions.at(0).last_updated_timestamp, 2000);
}

TEST_P(RegisteredModelsTest, RenameToATakenNameChangesNothing) {
  FixedClock clock(1000);
  write(registry::create_registered_model, "a", {}, "");
  write(registry::create_registered_model, "b", {}, "");
  add_version("a");
  clock.set(2000);
  EXPECT_MILLRACE_ERROR(write(registry::rename_registered_model, "a", "b"), kExists,
                        "Registered Model (name=b) already exists. Error: the new name is taken.");
  EXPECT_EQ(read(registry::get_registered_model, "a").last_updated_timestamp, 1000);
  EXPECT_EQ(read(registry::get_registered_model, "b").latest_versions.size(), 0U);
}

TEST_P(RegisteredModelsTest, RemoveLeavesNothingBehind) {
  write(registry::create_registered_model, "m", {{"k", "v"}}, "");
  write(registry::create_registered_model, "m2", {{"k", "v"}}, "");
  for (const char* name : {"m", "m2"}) {
    add_version(name, {{"k", "v"}});
    add_version(name);
    write(registry::set_registered_model_alias, name, "a", 1);
  }
  write(registry::transition_model_version_stage, "m", 2, "Production", false);
  write(registry::delete_registered_model, "m");
  EXPECT_MILLRACE_ERROR(read(registry::get_registered_model, "m"), kNotFound,
                        "Registered Model with name=m not found");
  for (const std::string table : {"registered_models", "model_versions", "registered_model_tags",
                                  "model_version_tags", "registered_model_aliases"}) {
    const auto left = db().read([&table](Work& work) {
      return work.first<std::int64_t>("SELECT COUNT(*) FROM " + table + " WHERE name = 'm'");
    });
    EXPECT_EQ(std::get<0>(*left), 0) << table;
  }
  EXPECT_EQ(text_of(read(registry::get_registered_model, "m2").latest_versions), "2:None");
  write(registry::create_registered_model, "m", {}, "");
  EXPECT_EQ(add_version("m").version, 1);
}

TEST_P(RegisteredModelsTest, TagsUpsertAndStampNothing) {
  FixedClock clock(1000);
  write(registry::create_registered_model, "m", {{"c", "1"}, {"b", "2"}, {"a", "3"}}, "");
  clock.set(2000);
  write(registry::set_registered_model_tag, "m", {"b", "new"});
  write(registry::set_registered_model_tag, "m", {"0", ""});
  EXPECT_EQ(as_listed(db(), read(registry::get_registered_model, "m").tags),
            as_listed(db(), {{"c", "1"}, {"b", "new"}, {"a", "3"}, {"0", ""}}));
  write(registry::delete_registered_model_tag, "m", "b");
  write(registry::delete_registered_model_tag, "m", "b");
  write(registry::set_registered_model_tag, "m", {"b", "again"});
  EXPECT_EQ(as_listed(db(), read(registry::get_registered_model, "m").tags),
            as_listed(db(), {{"c", "1"}, {"a", "3"}, {"0", ""}, {"b", "again"}}));
  EXPECT_EQ(read(registry::get_registered_model, "m").last_updated_timestamp, 1000);
}

TEST_P(RegisteredModelsTest, AliasesAreSortedAndStampNothing) {
  FixedClock clock(1000);
  write(registry::create_registered_model, "m", {}, "");
  add_version("m");
  add_version("m");
  clock.set(2000);
  write(registry::set_registered_model_alias, "m", "z", 1);
  write(registry::set_registered_model_alias, "m", "b", 2);
  write(registry::set_registered_model_alias, "m", "c", 2);
  EXPECT_EQ(text_of(read(registry::get_registered_model, "m").aliases), "b->2 c->2 z->1");
  write(registry::set_registered_model_alias, "m", "c", 1);
  write(registry::delete_registered_model_alias, "m", "b");
  write(registry::delete_registered_model_alias, "m", "never");
  EXPECT_EQ(text_of(read(registry::get_registered_model, "m").aliases), "c->1 z->1");
  EXPECT_EQ(read(registry::get_registered_model, "m").last_updated_timestamp, 1000);
  EXPECT_EQ(read(registry::get_model_version, "m", 1).last_updated_timestamp, 1000);
}

TEST_P(RegisteredModelsTest, AliasNeedsALivingVersion) {
  write(registry::create_registered_model, "m", {}, "");
  add_version("m");
  write(registry::delete_model_version, "m", 1);
  const std::string text = "Model Version (name=m, version=1) not found";
  EXPECT_MILLRACE_ERROR(write(registry::set_registered_model_alias, "m", "a", 1), kNotFound, text);
  EXPECT_MILLRACE_ERROR(write(registry::set_registered_model_alias, "m", "a", 9), kNotFound,
                        "Model Version (name=m, version=9) not found");
}

TEST_P(RegisteredModelsTest, LatestVersionsFollowTheLowestVersionOfTheirStage) {
  write(registry::create_registered_model, "m", {}, "");
  for (int i = 0; i < 4; ++i) add_version("m", {{"b", "1"}, {"a", "2"}});
  write(registry::transition_model_version_stage, "m", 2, "Staging", false);
  write(registry::transition_model_version_stage, "m", 3, "Production", false);
  write(registry::set_registered_model_alias, "m", "x", 4);
  const RegisteredModel model = read(registry::get_registered_model, "m");
  EXPECT_EQ(text_of(model.latest_versions), "4:None 2:Staging 3:Production");
  // On PostgreSQL in the order of its plan, which changes with what it knows of the table.
  const bool in_insertion_order = db().dialect() == Dialect::Sqlite;
  for (const ModelVersion& version : model.latest_versions) {
    const std::string tags = text_of(version.tags);
    EXPECT_TRUE(tags == "b=1 a=2" || (tags == "a=2 b=1" && !in_insertion_order)) << tags;
    EXPECT_TRUE(version.aliases.empty());
  }
  write(registry::delete_model_version, "m", 1);
  EXPECT_EQ(text_of(read(registry::get_registered_model, "m").latest_versions),
            "2:Staging 3:Production 4:None");
}

TEST_P(RegisteredModelsTest, IsPromptWhenTheTagIsTrueInAnyCase) {
  write(registry::create_registered_model, "model", {}, "");
  write(registry::create_registered_model, "no", {{"mlflow.prompt.is_prompt", "false"}}, "");
  write(registry::create_registered_model, "yes", {{"mlflow.prompt.is_prompt", "tRUE"}}, "");
  EXPECT_FALSE(read(registry::is_prompt, "model"));
  EXPECT_FALSE(read(registry::is_prompt, "no"));
  EXPECT_TRUE(read(registry::is_prompt, "yes"));
}

MILLRACE_REGISTRY_SUITE(RegisteredModelsTest);

}  // namespace
}  // namespace millrace::registered_models_test
