#include "api/routes.h"

#include <gtest/gtest.h>

#include <set>

namespace millrace {
namespace {

TEST(Routes, NoMethodAndPathIsDeclaredTwice) {
  EXPECT_NO_THROW(RouteIndex(""));
  std::set<std::string> seen;
  for (const Route& route : routes()) {
    for (const std::string& path : full_paths(route, "")) {
      EXPECT_TRUE(seen.insert(std::string(method_name(route.method)) + " " + path).second) << path;
    }
  }
}

TEST(Routes, EveryApiRowHasBothSurfaces) {
  const RouteIndex index("");
  EXPECT_NE(index.find("/api/2.0/mlflow/registered-models/get"), nullptr);
  EXPECT_NE(index.find("/ajax-api/2.0/mlflow/registered-models/get"), nullptr);
  EXPECT_EQ(index.find("/api/3.0/mlflow/registered-models/get"), nullptr);
  EXPECT_NE(index.find("/health"), nullptr);
}

TEST(Routes, StaticPrefixMovesEverything) {
  const RouteIndex index("/p");
  EXPECT_NE(index.find("/p/health"), nullptr);
  EXPECT_NE(index.find("/p/api/2.0/mlflow/registered-models/get"), nullptr);
  EXPECT_EQ(index.find("/health"), nullptr);
}

TEST(Routes, HeadIsAnsweredByTheGetRowOnly) {
  const RouteIndex index("");
  const auto* rows = index.find("/api/2.0/mlflow/registered-models/get-latest-versions");
  ASSERT_NE(rows, nullptr);
  ASSERT_NE(row_for_method(*rows, "HEAD"), nullptr);
  EXPECT_EQ(row_for_method(*rows, "HEAD")->method, Method::GET);
  EXPECT_EQ(row_for_method(*rows, "PUT"), nullptr);
  EXPECT_EQ(row_for_method(*rows, "get"), nullptr);
  EXPECT_EQ(allowed_methods(*rows), "OPTIONS, GET, HEAD, POST");
  EXPECT_EQ(row_for_method(*index.find("/api/2.0/mlflow/registered-models/create"), "HEAD"),
            nullptr);
}

TEST(Routes, OnlyOperationsArePublic) {
  for (const Route& route : routes()) {
    if (route.access != Access::Public) continue;
    EXPECT_TRUE(route.handler_name == "get_health" || route.handler_name == "get_version" ||
                route.handler_name == "get_server_info")
        << route.path;
  }
}

}  // namespace
}  // namespace millrace
