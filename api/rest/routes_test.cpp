#include "api/rest/routes.h"

#include <gtest/gtest.h>

#include <set>

namespace millrace::routes_test {
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
  EXPECT_FALSE(index.find("/api/2.0/mlflow/registered-models/get").rows.empty());
  EXPECT_FALSE(index.find("/ajax-api/2.0/mlflow/registered-models/get").rows.empty());
  EXPECT_TRUE(index.find("/api/3.0/mlflow/registered-models/get").rows.empty());
  EXPECT_FALSE(index.find("/health").rows.empty());
}

TEST(Routes, StaticPrefixMovesEverything) {
  const RouteIndex index("/p");
  EXPECT_FALSE(index.find("/p/health").rows.empty());
  EXPECT_FALSE(index.find("/p/api/2.0/mlflow/registered-models/get").rows.empty());
  EXPECT_TRUE(index.find("/health").rows.empty());
}

TEST(Routes, ProbesAreWhatOrchestratorsAsk) {
  EXPECT_EQ(probe_paths(""), (std::vector<std::string>{"/health", "/livez", "/readyz"}));
  EXPECT_EQ(probe_paths("/p"), (std::vector<std::string>{"/p/health", "/health", "/p/livez",
                                                         "/livez", "/p/readyz", "/readyz"}));
}

TEST(Routes, HeadIsAnsweredByTheGetRowOnly) {
  const RouteIndex index("");
  const Rows rows = index.find("/api/2.0/mlflow/registered-models/get-latest-versions").rows;
  ASSERT_FALSE(rows.empty());
  ASSERT_NE(row_for_method(rows, "HEAD"), nullptr);
  EXPECT_EQ(row_for_method(rows, "HEAD")->method, Method::GET);
  EXPECT_EQ(row_for_method(rows, "PUT"), nullptr);
  EXPECT_EQ(row_for_method(rows, "get"), nullptr);
  EXPECT_EQ(allowed_methods(rows), "OPTIONS, GET, HEAD, POST");
  EXPECT_EQ(row_for_method(index.find("/api/2.0/mlflow/registered-models/create").rows, "HEAD"),
            nullptr);
}

TEST(Routes, PatternsStandForPartsWithoutSlash) {
  using Arguments = std::vector<std::string>;
  EXPECT_EQ(match_pattern("/m/<id>/tags/<key>", "/m/m-1/tags/a b"), (Arguments{"m-1", "a b"}));
  EXPECT_EQ(match_pattern("/m/<id>", "/m/x"), Arguments{"x"});
  EXPECT_EQ(match_pattern("/m/<id>", "/m/"), std::nullopt);
  EXPECT_EQ(match_pattern("/m/<id>", "/m/x/"), std::nullopt);
  EXPECT_EQ(match_pattern("/m/<id>/tags", "/m/x/params"), std::nullopt);
  EXPECT_EQ(match_pattern("/m/<id>/tags", "/m/x/tags/y"), std::nullopt);
}

TEST(Routes, OnlyOperationsArePublic) {
  for (const Route& route : routes()) {
    if (route.access != Access::Public) continue;
    EXPECT_TRUE(route.handler_name == "get_health" || route.handler_name == "get_version" ||
                route.handler_name == "get_server_info" || route.handler_name == "get_readiness" ||
                route.handler_name == "get_liveness")
        << route.path;
  }
}

}  // namespace
}  // namespace millrace::routes_test
