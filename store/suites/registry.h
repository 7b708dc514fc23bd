// The suite of the registry that every kind of database must pass. A test file of it derives its
// fixture from RegistrySuite, writes TEST_P, and ends with MILLRACE_REGISTRY_SUITE(fixture).
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "store/common/clock.h"
#include "store/common/error.h"
#include "store/db/database.h"
#include "store/registry/model_versions.h"
#include "store/registry/registered_models.h"
#include "store/tracking/lookup.h"

namespace millrace {

// A fresh database with MLflow's schema, gone when this is.
class TestDatabase {
 public:
  virtual ~TestDatabase() = default;
  virtual Db& db() = 0;
};

struct DatabaseKind {
  std::string name;
  std::function<std::unique_ptr<TestDatabase>()> make;
};

// A new dialect is one more entry in here.
std::vector<DatabaseKind> database_kinds();

class StoreSuite : public testing::TestWithParam<DatabaseKind> {
 protected:
  StoreSuite() : database_(GetParam().make()) {}

  Db& db() { return database_->db(); }

  // Opens a unit of work for one operation, with these arguments.
  template <class Result, class... Args>
  Result read(Result (*operation)(Work&, Args...), std::type_identity_t<Args>... args) {
    return db().read([&](Work& work) { return operation(work, args...); });
  }
  template <class Result, class... Args>
  Result write(Result (*operation)(Work&, Args...), std::type_identity_t<Args>... args) {
    return db().write([&](Work& work) { return operation(work, args...); });
  }

 private:
  std::unique_ptr<TestDatabase> database_;
};

class RegistrySuite : public StoreSuite {
 protected:
  // A version of model `name` with fields that no test looks at.
  ModelVersion add_version(const std::string& name, const std::vector<Tag>& tags = {}) {
    return write(registry::create_model_version, {.name = name,
                                                  .source = "s3://bucket/path",
                                                  .storage_location = "s3://bucket/path",
                                                  .run_id = "",
                                                  .run_link = "",
                                                  .description = "",
                                                  .tags = tags});
  }
};

inline std::string kind_name(const testing::TestParamInfo<DatabaseKind>& kind) {
  return kind.param.name;
}

#define MILLRACE_REGISTRY_SUITE(fixture) \
  INSTANTIATE_TEST_SUITE_P(Databases, fixture, testing::ValuesIn(database_kinds()), kind_name)

// Runs `work(i)` for i in 0..count-1, all at the same moment on threads of their own, and returns
// how many of them returned; an Error counts as a failure, which `failure` may look at.
inline int at_once(int count, const std::function<void(int)>& work,
                   const std::function<void(const Error&)>& failure = {}) {
  std::atomic<int> ready = 0;
  std::atomic<int> succeeded = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      ++ready;
      while (ready < count) std::this_thread::yield();
      try {
        work(i);
        ++succeeded;
      } catch (const Error& error) {
        if (failure) failure(error);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return succeeded;
}

// Expects that `statement` throws millrace::Error with this code and text.
#define EXPECT_MILLRACE_ERROR(statement, expected_code, expected_text) \
  try {                                                                \
    statement;                                                         \
    ADD_FAILURE() << "no error";                                       \
  } catch (const Error& error) {                                       \
    EXPECT_EQ(error.code(), expected_code);                            \
    EXPECT_EQ(std::string(error.what()), expected_text);               \
  }

// Compact texts of records, for comparison: "key=value key=value", "alias->1".
std::string text_of(const std::vector<Tag>& tags);
std::string text_of(const std::vector<RegisteredModelAlias>& aliases);
std::string text_of(const std::vector<std::string>& words);
// The text of tags that are read without an order of their own, for both sides of a comparison:
// SQLite gives them as they were set, a server as its plan of the moment has them, so there they
// are put in the order of their keys.
std::string as_listed(const Db& db, std::vector<Tag> tags);
// "4:None 2:Staging"
std::string text_of(const std::vector<ModelVersion>& versions);

}  // namespace millrace
