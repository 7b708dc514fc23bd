#include "store/text/posix_path.h"

#include <gtest/gtest.h>

namespace millrace::posix_path_test {
namespace {

TEST(NormalizePath, IsPythonsNormpath) {
  EXPECT_EQ(normalize_path(""), ".");
  EXPECT_EQ(normalize_path("."), ".");
  EXPECT_EQ(normalize_path("./"), ".");
  EXPECT_EQ(normalize_path("/"), "/");
  EXPECT_EQ(normalize_path("//"), "//");
  EXPECT_EQ(normalize_path("///"), "/");
  EXPECT_EQ(normalize_path("//a//b/"), "//a/b");
  EXPECT_EQ(normalize_path("a/./b/../c"), "a/c");
  EXPECT_EQ(normalize_path("../a/../.."), "../..");
  EXPECT_EQ(normalize_path("/../a"), "/a");
  EXPECT_EQ(normalize_path("a/.."), ".");
  EXPECT_EQ(normalize_path("..a"), "..a");
}

}  // namespace
}  // namespace millrace::posix_path_test
