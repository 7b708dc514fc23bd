#include "artifacts/location.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "store/common/error.h"

namespace millrace::location_test {
namespace {

// Each expectation is what MLflow's append_to_uri_path returns for the same arguments.
TEST(AppendToUriPath, AsMlflow) {
  EXPECT_EQ(append_to_uri_path("mlflow-artifacts:/", "0"), "mlflow-artifacts:/0");
  EXPECT_EQ(append_to_uri_path("s3://b/p", "7"), "s3://b/p/7");
  EXPECT_EQ(append_to_uri_path("s3://b", "7"), "s3://b/7");
  EXPECT_EQ(append_to_uri_path("s3://b?x=1", "7"), "s3://b/7?x=1");
  EXPECT_EQ(append_to_uri_path("/data/root", "7"), "/data/root/7");
  EXPECT_EQ(append_to_uri_path("/data/root/", "7"), "/data/root/7");
  EXPECT_EQ(append_to_uri_path("file:///a", "7"), "file:///a/7");
  EXPECT_EQ(append_to_uri_path("file:a", "7"), "file:a/7");
  EXPECT_EQ(append_to_uri_path("http://h/a;p", "7"), "http://h/a/7;p");
}

TEST(AppendToUriPath, RefusesATraversalInTheQuery) {
  EXPECT_THROW(append_to_uri_path("http://h/?/../../etc", "7"), Error);
}

// The right column was taken from MLflow's resolve_uri_if_local.
TEST(ResolveIfLocal, MakesRelativePathsAbsoluteAndLeavesTheRest) {
  const std::string here = std::filesystem::current_path().string();
  EXPECT_EQ(resolve_if_local("./mlruns"), here + "/mlruns");
  EXPECT_EQ(resolve_if_local("../up"), here + "/../up");
  EXPECT_EQ(resolve_if_local("a//b/./c/"), here + "/a/b/c");
  EXPECT_EQ(resolve_if_local("a%20b"), here + "/a b");
  EXPECT_EQ(resolve_if_local("FILE:///a"), "file://" + here + "/FILE:/a");
  EXPECT_EQ(resolve_if_local("file:rel"), "file://" + here + "/rel");
  EXPECT_EQ(resolve_if_local("file:rel?x=1#y"), "file://" + here + "/rel?x=1#y");
  EXPECT_EQ(resolve_if_local("/abs/./x/"), "/abs/./x/");
  EXPECT_EQ(resolve_if_local("file:///a"), "file:///a");
  EXPECT_EQ(resolve_if_local("s3://b/p"), "s3://b/p");
  EXPECT_EQ(resolve_if_local("mlflow-artifacts:/"), "mlflow-artifacts:/");
}

}  // namespace
}  // namespace millrace::location_test
