#include "artifacts/artifact_location.h"

#include <gtest/gtest.h>

#include "store/common/error.h"

namespace millrace {
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

}  // namespace
}  // namespace millrace
