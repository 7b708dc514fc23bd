// The searches of the registry against a database: pages, and what hangs on their rows.
#include <array>
#include <map>

#include "store/suites/registry.h"

namespace millrace::search_test {
namespace {

class RegistrySearchTest : public RegistrySuite {
 protected:
  struct Versions {
    std::string text;  // "a/1 a/2"
    bool more = false;
    std::vector<ModelVersion> records;
  };

  struct ModelPage {
    std::vector<RegisteredModel> models;
    bool more = false;
  };
  ModelPage find_models(const std::string& filter, const std::vector<std::string>& order_by = {},
                        std::int64_t max_results = 100, std::int64_t offset = 0) {
    ModelPage page;
    page.more = read(registry::search_registered_models,
                     search::parse_registered_model_search(filter, order_by), max_results, offset,
                     [&page](const RegisteredModel& model) { page.models.push_back(model); });
    return page;
  }

  Versions find_versions(const std::string& filter, const std::vector<std::string>& order_by = {},
                         std::int64_t max_results = 100, std::int64_t offset = 0) {
    Versions found;
    found.more =
        read(registry::search_model_versions, search::parse_model_version_search(filter, order_by),
             max_results, offset, [&found](const ModelVersion& version) {
               if (!found.text.empty()) found.text += ' ';
               found.text += version.name + "/" + std::to_string(version.version);
               found.records.push_back(version);
             });
    return found;
  }

  static std::string names_of(const ModelPage& page) {
    std::string names;
    for (const RegisteredModel& model : page.models) {
      names += (names.empty() ? "" : " ") + model.name;
    }
    return names;
  }

  bool by_key() { return db().dialect() == Dialect::Mysql; }
};

TEST_P(RegistrySearchTest, ModelsComeInPages) {
  for (const char* name : {"c", "a", "e", "b", "d"})
    write(registry::create_registered_model, name, {}, "");
  EXPECT_EQ(names_of(find_models("")), "a b c d e");
  EXPECT_FALSE(find_models("", {}, 5).more);
  const auto first = find_models("", {"name DESC"}, 2);
  EXPECT_EQ(names_of(first), "e d");
  EXPECT_TRUE(first.more);
  const auto last = find_models("", {"name DESC"}, 2, 4);
  EXPECT_EQ(names_of(last), "a");
  EXPECT_FALSE(last.more);
  EXPECT_EQ(names_of(find_models("", {}, 2, 9)), "");
  EXPECT_TRUE(find_models("", {}, 0).more) << "nothing but a token";
  EXPECT_EQ(names_of(find_models("", {}, 0)), "");
}

TEST_P(RegistrySearchTest, ModelsCarryTagsAliasesAndLatestVersionsByStage) {
  for (const char* name : {"m", "n"}) {
    write(registry::create_registered_model, name, {{"z", name}, {"y", ""}}, "text");
    for (int i = 0; i < 4; ++i) add_version(name, {{"b", std::to_string(i)}, {"a", name}});
    write(registry::transition_model_version_stage, name, 2, "Staging", false);
    write(registry::transition_model_version_stage, name, 3, "Production", false);
    write(registry::set_registered_model_alias, name, "y", 1);
    write(registry::set_registered_model_alias, name, "x", 2);
  }
  write(registry::delete_model_version, "n", 4);
  write(registry::delete_model_version, "n", 1);
  const auto page = find_models("");
  ASSERT_EQ(names_of(page), "m n");
  const bool by_version = db().dialect() == Dialect::Postgresql;
  EXPECT_EQ(text_of(page.models[0].latest_versions),
            by_version ? "2:Staging 3:Production 4:None" : "4:None 3:Production 2:Staging");
  EXPECT_EQ(text_of(page.models[1].latest_versions),
            by_version ? "2:Staging 3:Production" : "3:Production 2:Staging");
  EXPECT_EQ(text_of(page.models[0].aliases), "x->2 y->1");
  EXPECT_EQ(text_of(page.models[1].aliases), "x->2");
  for (const RegisteredModel& model : page.models) {
    EXPECT_EQ(model.description, "text");
    // PostgreSQL has either order, as it plans the statement.
    if (db().dialect() != Dialect::Postgresql) {
      EXPECT_EQ(text_of(model.tags), by_key() ? "y= z=" + model.name : "z=" + model.name + " y=");
    }
    EXPECT_EQ(model.tags.size(), 2);
    for (const ModelVersion& version : model.latest_versions) {
      const std::string number = "b=" + std::to_string(version.version - 1);
      const std::string name = "a=" + model.name;
      EXPECT_EQ(text_of(version.tags), by_key() ? name + " " + number : number + " " + name);
      EXPECT_TRUE(version.aliases.empty());
      EXPECT_EQ(version.source, "s3://bucket/path");
    }
  }
}

// What a client does with a model's name in another case, which MySQL alone takes for the same.
TEST_P(RegistrySearchTest, RowsWithANameInAnotherCaseBelongToTheModel) {
  write(registry::create_registered_model, "Model", {}, "");
  if (db().dialect() != Dialect::Mysql) {
    EXPECT_MILLRACE_ERROR(write(registry::set_registered_model_tag, "mODEL", {"k", "v"}),
                          ErrorCode::ResourceDoesNotExist,
                          "Registered Model with name=mODEL not found");
    return;
  }
  write(registry::set_registered_model_tag, "mODEL", {"k", "v"});
  add_version("mODEL", {{"a", "b"}});
  write(registry::set_registered_model_alias, "mODEL", "champion", 1);
  const auto page = find_models("");
  ASSERT_EQ(names_of(page), "Model");
  EXPECT_EQ(text_of(page.models[0].latest_versions), "1:None");
  EXPECT_EQ(text_of(page.models[0].tags), "k=v");
  EXPECT_EQ(text_of(page.models[0].aliases), "champion->1");
}

TEST_P(RegistrySearchTest, AThousandModelsFitOnePage) {
  db().write([](Work& work) {
    for (int i = 0; i < 1001; ++i) {
      work.execute("INSERT INTO registered_models (workspace, name) VALUES ('default', :name)",
                   {"m" + std::to_string(10'000 + i)});
    }
  });
  write(registry::set_registered_model_tag, "m10999", {"k", "v"});
  write(registry::set_registered_model_tag, "m11000", {"k", "v"});
  const auto page = find_models("", {}, 1000);
  ASSERT_EQ(page.models.size(), 1000U);
  EXPECT_TRUE(page.more);
  EXPECT_EQ(text_of(page.models.back().tags), "k=v");
  EXPECT_EQ(text_of(page.models.front().tags), "");
}

TEST_P(RegistrySearchTest, VersionsComeInPages) {
  FixedClock clock(1000);
  write(registry::create_registered_model, "m", {}, "");
  write(registry::create_registered_model, "n", {}, "");
  for (int i = 0; i < 3; ++i) add_version("m", {{"k", "v"}});
  clock.set(2000);
  add_version("n");
  EXPECT_EQ(find_versions("").text, "n/1 m/3 m/2 m/1") << "the newest first";
  const Versions first = find_versions("", {"name"}, 3);
  EXPECT_EQ(first.text, "m/3 m/2 m/1");
  EXPECT_TRUE(first.more);
  const Versions last = find_versions("", {"name"}, 3, 3);
  EXPECT_EQ(last.text, "n/1");
  EXPECT_FALSE(last.more);
  EXPECT_FALSE(find_versions("", {}, 4).more);
  EXPECT_EQ(find_versions("name = 'zz'").text, "");
  EXPECT_EQ(find_versions("", {}, 1, 100).text, "");
}

TEST_P(RegistrySearchTest, VersionsCarryTagsButNoAliasesAndNoDeletedOnes) {
  write(registry::create_registered_model, "m", {}, "");
  add_version("m", {{"z", "1"}, {"y", ""}});
  add_version("m");
  add_version("m", {{"k", "v"}});
  write(registry::set_registered_model_alias, "m", "a", 1);
  write(registry::delete_model_version, "m", 3);
  const Versions found = find_versions("name = 'm'", {"version_number"});
  ASSERT_EQ(found.text, "m/1 m/2");
  EXPECT_EQ(text_of(found.records[0].tags), by_key() ? "y= z=1" : "z=1 y=");
  EXPECT_EQ(text_of(found.records[1].tags), "");
  EXPECT_TRUE(found.records[0].aliases.empty());
  EXPECT_EQ(found.records[0].run_id, "");
  EXPECT_EQ(text_of(find_versions("tags.z = '1'").records.at(0).tags),
            by_key() ? "y= z=1" : "z=1 y=");
}

// Of a size at which a database might choose to sort or to build tables on the way.
TEST_P(RegistrySearchTest, ALongPageKeepsItsOrderInEverySort) {
  constexpr std::int64_t kModels = 40, kVersions = 100;
  const auto name_of = [](std::int64_t model) { return "m" + std::to_string(100 + model); };
  const auto created = [](std::int64_t version) { return version * 7919 % 11; };
  const auto updated = [](std::int64_t model, std::int64_t version) {
    return (version * 104'729 + model) % 97;
  };
  db().write([&](Work& work) {
    for (std::int64_t m = 0; m < kModels; ++m) {
      work.execute("INSERT INTO registered_models (workspace, name) VALUES ('default', :name)",
                   {name_of(m)});
      for (std::int64_t v = 1; v <= kVersions; ++v) {
        work.execute(
            "INSERT INTO model_versions (workspace, name, version, creation_time,"
            " last_updated_time, current_stage, source, status)"
            " VALUES ('default', :name, :version, :created, :updated, 'None', 's', 'READY')",
            {name_of(m), v, created(v), updated(m, v)});
      }
    }
  });
  for (std::int64_t v = 1; v < 4; ++v) {
    for (std::int64_t t = 0; t < v; ++t) {
      write(registry::set_model_version_tag, name_of(7), v, {"k" + std::to_string(9 - t), "v"});
    }
  }
  // What each order sorts by: three numbers, ascending.
  using Keys = std::function<std::array<std::int64_t, 3>(std::int64_t m, std::int64_t v)>;
  const std::map<std::string, Keys> orders{{"last_updated_timestamp DESC",
                                            [&](auto m, auto v) {
                                              return std::array{-updated(m, v), m, -v};
                                            }},
                                           {"last_updated_timestamp",
                                            [&](auto m, auto v) {
                                              return std::array{updated(m, v), m, -v};
                                            }},
                                           {"creation_timestamp",
                                            [&](auto m, auto v) {
                                              return std::array{created(v), m, -v};
                                            }},
                                           {"name DESC",
                                            [](auto m, auto v) {
                                              return std::array{-m, -v, std::int64_t{0}};
                                            }},
                                           {"version_number", [](auto m, auto v) {
                                              return std::array{v, m, std::int64_t{0}};
                                            }}};
  for (const auto& [order, keys] : orders) {
    std::map<std::array<std::int64_t, 3>, std::string> sorted;
    for (std::int64_t m = 0; m < kModels; ++m) {
      for (std::int64_t v = 1; v <= kVersions; ++v) {
        sorted[keys(m, v)] = name_of(m) + "/" + std::to_string(v);
      }
    }
    std::string expected;
    for (const auto& [key, version] : sorted) expected += (expected.empty() ? "" : " ") + version;
    const Versions found = find_versions("", {order}, 200'000);
    EXPECT_EQ(found.text, expected) << order;
    for (const ModelVersion& version : found.records) {
      if (version.name != name_of(7) || version.version > 3) {
        EXPECT_TRUE(version.tags.empty());
      } else if (version.version == 3) {
        EXPECT_EQ(text_of(version.tags), by_key() ? "k7=v k8=v k9=v" : "k9=v k8=v k7=v");
      }
    }
  }
}

TEST_P(RegistrySearchTest, AVisitorMayEndTheSearch) {
  write(registry::create_registered_model, "m", {}, "");
  for (int i = 0; i < 3; ++i) add_version("m");
  const auto parsed = search::parse_model_version_search("", {});
  int seen = 0;
  EXPECT_THROW(read(registry::search_model_versions, parsed, 10, 0,
                    [&seen](const ModelVersion&) {
                      ++seen;
                      throw std::runtime_error("the reader has gone");
                    }),
               std::runtime_error);
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(find_versions("").records.size(), 3U);
}

// A page that is not read at once: some models take what is read at a time for themselves.
TEST_P(RegistrySearchTest, LargeModelsAreWhole) {
  constexpr int kModels = 24;
  const auto tags_of = [](int model) {
    std::vector<Tag> tags;
    const int count = model % 3 == 0 ? 2 : 100 * (model % 3) * (model % 4);
    for (int i = 0; i < count; ++i) tags.push_back({std::to_string(i), std::string(4900, 'x')});
    return tags;
  };
  const auto name_of = [](int model) { return "m" + std::to_string(10 + model); };
  for (int model = 0; model < kModels; ++model) {
    write(registry::create_registered_model, name_of(model), tags_of(model), "");
    if (model % 2 == 0) add_version(name_of(model), tags_of(model + 1));
    if (model % 4 == 0) write(registry::set_registered_model_alias, name_of(model), "best", 1);
  }
  for (const bool descending : {false, true}) {
    const int count = descending ? kModels - 1 : kModels;
    const ModelPage page = find_models("", {descending ? "name DESC" : "name"}, count);
    EXPECT_EQ(page.more, descending);
    ASSERT_EQ(page.models.size(), static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
      const int model = descending ? kModels - 1 - i : i;
      const RegisteredModel& found = page.models[static_cast<std::size_t>(i)];
      EXPECT_EQ(found.name, name_of(model));
      EXPECT_EQ(found.tags.size(), tags_of(model).size()) << found.name;
      ASSERT_EQ(found.latest_versions.size(), model % 2 == 0 ? 1U : 0U) << found.name;
      if (model % 2 == 0) {
        EXPECT_EQ(found.latest_versions[0].tags.size(), tags_of(model + 1).size()) << found.name;
      }
      EXPECT_EQ(found.aliases.size(), model % 4 == 0 ? 1U : 0U) << found.name;
    }
  }
}

MILLRACE_REGISTRY_SUITE(RegistrySearchTest);

}  // namespace
}  // namespace millrace::search_test
