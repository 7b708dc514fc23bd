#include "store/tracking/local_locations.h"

#include <gmock/gmock.h>

#include "store/suites/tracking.h"

namespace millrace::local_locations_test {
namespace {

class LocalLocationsTest : public TrackingSuite {
 protected:
  void add(const std::string& location, const std::string& stage = "active") {
    db().write([&](Work& work) {
      work.execute(
          "INSERT INTO experiments (name, artifact_location, lifecycle_stage, workspace)"
          " VALUES (:name, :location, :stage, 'default')",
          {location, location, stage});
    });
  }
  std::vector<std::string> found(std::size_t most) {
    return db().read([&](Work& work) { return tracking::local_artifact_locations(work, most); });
  }
};

TEST_P(LocalLocationsTest, WhatMayBeAFolder) {
  for (const char* location : {"/data/1", "/da:ta/2", "file:///data/3", "relative/4"})
    add(location);
  for (const char* location : {"mlflow-artifacts:/5", "s3://b/6", "https://h/7"}) add(location);
  add("/data/8", "deleted");
  EXPECT_THAT(found(100),
              testing::UnorderedElementsAre("/data/1", "/da:ta/2", "file:///data/3", "relative/4"));
  EXPECT_EQ(found(2).size(), 2U);
}

MILLRACE_REGISTRY_SUITE(LocalLocationsTest);

}  // namespace
}  // namespace millrace::local_locations_test
