// Concurrent operations of the registry: what must hold whatever their order.
#include <latch>
#include <mutex>
#include <set>
#include <thread>

#include "store/suites/registry.h"

namespace millrace::registry_races_test {
namespace {

class RegistryRacesTest : public RegistrySuite {
 protected:
  std::int64_t count(const std::string& from) {
    return std::get<0>(*db().read(
        [&from](Work& work) { return work.first<std::int64_t>("SELECT COUNT(*) FROM " + from); }));
  }
};

TEST_P(RegistryRacesTest, VersionNumbersAreUniqueWithoutGaps) {
  write(registry::create_registered_model, "m", {}, "");
  std::mutex mutex;
  std::set<std::int64_t> numbers;
  const int succeeded = at_once(64, [&](int) {
    const std::int64_t number = add_version("m", {{"k", "v"}}).version;
    const std::lock_guard lock(mutex);
    numbers.insert(number);
  });
  EXPECT_EQ(succeeded, 64);
  EXPECT_EQ(numbers.size(), 64U);
  EXPECT_EQ(*numbers.begin(), 1);
  EXPECT_EQ(*numbers.rbegin(), 64);
  EXPECT_EQ(count("model_version_tags"), 64);
}

TEST_P(RegistryRacesTest, OneNameIsCreatedOnce) {
  std::mutex mutex;
  std::set<std::string> texts;
  const int succeeded = at_once(
      16,
      [&](int) {
        write(registry::create_registered_model, "m", {{"k", "v"}}, "");
      },
      [&](const Error& error) {
        const std::lock_guard lock(mutex);
        texts.insert(error.what());
      });
  EXPECT_EQ(succeeded, 1);
  EXPECT_EQ(texts, std::set<std::string>{"Registered Model (name=m) already exists."});
  EXPECT_EQ(count("registered_model_tags"), 1);
}

TEST_P(RegistryRacesTest, ArchivingTransitionsLeaveOneVersionInTheStage) {
  write(registry::create_registered_model, "m", {}, "");
  for (int i = 0; i < 16; ++i) add_version("m");
  for (int round = 0; round < 5; ++round) {
    const int succeeded = at_once(16, [&](int i) {
      write(registry::transition_model_version_stage, "m", i + 1, "Production", true);
    });
    EXPECT_EQ(succeeded, 16);
    EXPECT_EQ(count("model_versions WHERE current_stage = 'Production'"), 1);
    EXPECT_EQ(count("model_versions WHERE current_stage = 'Archived'"), 15);
  }
}

TEST_P(RegistryRacesTest, TheSameNewKeyIsSetByAll) {
  write(registry::create_registered_model, "m", {}, "");
  add_version("m");
  const int succeeded = at_once(24, [&](int i) {
    if (i % 3 == 0) write(registry::set_registered_model_tag, "m", {"k", std::to_string(i)});
    if (i % 3 == 1) write(registry::set_model_version_tag, "m", 1, {"k", std::to_string(i)});
    if (i % 3 == 2) write(registry::set_registered_model_alias, "m", "a", 1);
  });
  EXPECT_EQ(succeeded, 24);
  EXPECT_EQ(count("registered_model_tags"), 1);
  EXPECT_EQ(count("model_version_tags"), 1);
  EXPECT_EQ(count("registered_model_aliases"), 1);
}

TEST_P(RegistryRacesTest, AVersionIsDeletedOnce) {
  write(registry::create_registered_model, "m", {}, "");
  add_version("m");
  EXPECT_EQ(at_once(16, [&](int) { write(registry::delete_model_version, "m", 1); }), 1);
}

TEST_P(RegistryRacesTest, NoAliasStaysOnADeletedVersion) {
  write(registry::create_registered_model, "m", {}, "");
  for (int round = 1; round <= 20; ++round) {
    add_version("m");
    at_once(8, [&](int i) {
      if (i == 0) {
        write(registry::delete_model_version, "m", round);
      } else {
        write(registry::set_registered_model_alias, "m", "a" + std::to_string(i), round);
      }
    });
    EXPECT_EQ(count("registered_model_aliases"), 0);
  }
}

TEST_P(RegistryRacesTest, AModelGoesWhileItsVersionsAreTagged) {
  for (int round = 0; round < 10; ++round) {
    write(registry::create_registered_model, "m", {}, "");
    for (int i = 0; i < 3; ++i) add_version("m");
    std::atomic<int> removed = 0;
    std::mutex mutex;
    std::set<ErrorCode> codes;
    at_once(
        8,
        [&](int i) {
          if (i == 0) {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
            write(registry::delete_registered_model, "m");
            ++removed;
            return;
          }
          for (int step = 0; step < 1000; ++step) {
            write(registry::set_model_version_tag, "m", i % 3 + 1,
                  {"k" + std::to_string(i), std::to_string(step)});
          }
        },
        [&](const Error& error) {
          const std::lock_guard lock(mutex);
          codes.insert(error.code());
        });
    EXPECT_EQ(removed, 1);
    EXPECT_EQ(codes, std::set<ErrorCode>{ErrorCode::ResourceDoesNotExist});
    EXPECT_EQ(count("model_version_tags"), 0);
  }
}

TEST_P(RegistryRacesTest, AVersionIsAddedToAModelThatGetsItsName) {
  for (int round = 0; round < 30; ++round) {
    write(registry::create_registered_model, "m", {}, "");
    std::set<ErrorCode> codes;
    at_once(
        2,
        [&](int i) {
          i == 0 ? void(write(registry::rename_registered_model, "m", "n"))
                 : void(add_version("n"));
        },
        [&](const Error& error) { codes.insert(error.code()); });
    // Before the rename there is no such model; nothing else may be the answer.
    codes.erase(ErrorCode::ResourceDoesNotExist);
    EXPECT_TRUE(codes.empty());
    write(registry::delete_registered_model, "n");
  }
}

// Each change whose order matters has a number of its own; a refused one has none.
TEST_P(RegistryRacesTest, ChangesOfAModelAreCounted) {
  const auto turn = [this](const std::string& name) {
    const auto row = db().read([&](Work& work) {
      return work.first<std::int64_t>("SELECT turn FROM millrace_model_turns WHERE name = :name",
                                      {name});
    });
    return row ? std::get<0>(*row) : 0;
  };
  write(registry::create_registered_model, "m", {}, "");
  EXPECT_EQ(turn("m"), 0);
  at_once(8, [&](int) { add_version("m"); });
  EXPECT_EQ(turn("m"), 8);
  at_once(8, [&](int i) {
    write(registry::transition_model_version_stage, "m", i + 1, "Production", true);
  });
  EXPECT_EQ(turn("m"), 16);
  write(registry::set_registered_model_tag, "m", {"k", "v"});
  write(registry::set_model_version_tag, "m", 1, {"k", "v"});
  write(registry::update_registered_model, "m", "d");
  EXPECT_EQ(turn("m"), 16);
  write(registry::set_registered_model_alias, "m", "a", 1);
  write(registry::delete_registered_model_alias, "m", "a");
  write(registry::delete_model_version, "m", 8);
  EXPECT_EQ(turn("m"), 19);
  EXPECT_THROW(write(registry::transition_model_version_stage, "m", 8, "Production", true), Error);
  EXPECT_THROW(write(registry::set_registered_model_alias, "m", "a", 8), Error);
  EXPECT_THROW(add_version("missing"), Error);
  EXPECT_EQ(turn("m"), 19);
  EXPECT_EQ(count("millrace_model_turns"), 1);
  write(registry::rename_registered_model, "m", "n");
  EXPECT_EQ(turn("m"), 20);
  EXPECT_EQ(turn("n"), 1);
  write(registry::delete_registered_model, "n");
  EXPECT_EQ(turn("n"), 2);
}

// Children of the model have its name, whichever it has at the moment, and go with it.
TEST_P(RegistryRacesTest, RenameAndDeleteUnderLoadLeaveNoOrphans) {
  constexpr const char* kOrphans = " WHERE name NOT IN (SELECT name FROM registered_models)";
  const auto attempt = [](const auto& work) {
    try {
      work();
      return 1;
    } catch (const Error&) {  // the model has the other name, or none, at the moment
      return 0;
    }
  };
  std::atomic<int> renamed = 0;
  std::atomic<int> added = 0;
  std::atomic<int> removed = 0;
  for (int round = 0; round < 10; ++round) {
    write(registry::create_registered_model, "m", {{"k", "v"}}, "");
    // The removers start in the midst of the others, not before the first of them has a connection.
    std::latch in_the_midst(8);
    at_once(12, [&](int i) {
      const std::string name = i % 2 == 0 ? "m" : "n";
      if (i >= 10) {
        in_the_midst.wait();
        removed += attempt([&] { write(registry::delete_registered_model, name); });
        return;
      }
      for (int step = 0; step < 10; ++step) {
        if (i < 2)
          renamed +=
              attempt([&] { write(registry::rename_registered_model, name, i == 0 ? "n" : "m"); });
        if (i >= 2 && i < 8) added += attempt([&] { add_version(name, {{"k", "v"}}); });
        if (i >= 8) attempt([&] { write(registry::set_registered_model_alias, name, "a", 1); });
        if (i < 8 && step == 4) in_the_midst.count_down();
      }
    });
    for (const char* table : {"model_versions", "registered_model_tags", "model_version_tags",
                              "registered_model_aliases"}) {
      EXPECT_EQ(count(table + std::string(kOrphans)), 0) << table;
    }
    for (const char* name : {"m", "n"})
      attempt([&] { write(registry::delete_registered_model, name); });
    EXPECT_EQ(count("registered_models"), 0);
  }
  EXPECT_GT(renamed, 0);
  EXPECT_GT(added, 0);
  EXPECT_GT(removed, 0);
}

MILLRACE_REGISTRY_SUITE(RegistryRacesTest);

}  // namespace
}  // namespace millrace::registry_races_test
