#include "artifacts/path_rules.h"

#include <gtest/gtest.h>

#include "store/common/error.h"

namespace millrace::path_rules_test {
namespace {

TEST(PathRules, WhatMayPass) {
  EXPECT_EQ(checked_artifact_path("a/b.txt"), "a/b.txt");
  EXPECT_EQ(checked_artifact_path(""), "");
  EXPECT_EQ(checked_artifact_path("."), ".");
  EXPECT_EQ(checked_artifact_path("a/..b"), "a/..b");
  EXPECT_EQ(checked_artifact_path("a?b"), "a?b");
  EXPECT_EQ(checked_artifact_path("a//b"), "a//b");
  EXPECT_EQ(checked_artifact_path("a:b"), "a:b");
  EXPECT_EQ(checked_artifact_path("a\\b"), "a\\b");
  EXPECT_EQ(checked_artifact_path("C:b"), "c:b");
  EXPECT_EQ(checked_artifact_path("a%2525b"), "a%b");
  EXPECT_EQ(checked_artifact_path("100%"), "100%");
  EXPECT_EQ(checked_artifact_path("a%0Ab"), "ab");
  EXPECT_EQ(checked_artifact_path(std::string("a\0b", 3)), "a%00b");
  EXPECT_EQ(checked_artifact_path("a?"), "a");
  EXPECT_EQ(checked_artifact_path("a;"), "a");
  EXPECT_EQ(checked_artifact_path("a;b"), "a;b");
}

TEST(PathRules, WhatMayNot) {
  for (const char* path : {"..",
                           "../a",
                           "a/..",
                           "a/../b",
                           "a/%2e%2e/b",
                           "a/%252e%252e/b",
                           "%2e%2e",
                           "/etc/passwd",
                           "%2Fetc",
                           "%252Fetc",
                           "//s/x",
                           "C:/b",
                           "c%3A/b",
                           "C:\\b",
                           "\\\\s\\x",
                           "\\\\?\\C:\\x",
                           "file:/etc",
                           "file:a",
                           "file:///etc/passwd",
                           "FILE:/etc",
                           "a#b",
                           "a%23b",
                           "a%2523b",
                           "a\t/../b"}) {
    try {
      ADD_FAILURE() << path << " became " << checked_artifact_path(path);
    } catch (const Error& error) {
      EXPECT_EQ(error.message(), "Invalid path") << path;
    }
  }
}

TEST(PathRules, BelowTheRootInNormalForm) {
  EXPECT_EQ(path_below_root("a//b/./c/"), "a/b/c");
  EXPECT_EQ(path_below_root("."), "");
  EXPECT_EQ(path_below_root(""), "");
  EXPECT_THROW(path_below_root(".."), Error);
  EXPECT_THROW(path_below_root("/a"), Error);
  EXPECT_THROW(path_below_root(std::string("a\0", 2)), Error);
}

TEST(PathRules, WhatMayBeStored) {
  EXPECT_NO_THROW(require_storable_path("a/b/c"));
  EXPECT_NO_THROW(require_storable_path("c"));
  EXPECT_THROW(require_storable_path("a/./b"), Error);
  EXPECT_THROW(require_storable_path("a//b/c"), Error);
  EXPECT_THROW(require_storable_path("./b"), Error);
  EXPECT_THROW(require_storable_path("..;/b"), Error);
  EXPECT_THROW(require_storable_path("a/."), Error);
  EXPECT_THROW(require_storable_path("a/.artifact.uploading.x"), Error);
}

TEST(PathRules, WhatHasAnotherNameWhenItIsDecoded) {
  for (const char* path :
       {"a b.txt", "100%.txt", "%zz", "50% off", "a/b", "a+b", "a\x7f", "\u00e4"}) {
    EXPECT_TRUE(keeps_its_name(path)) << path;
    EXPECT_NO_THROW(require_own_name(path)) << path;
  }
  for (const char* path : {"a%20b.txt", "50%25", "d%2fx", "%41", "%01", "%FF", "e%2520f"}) {
    EXPECT_FALSE(keeps_its_name(path)) << path;
    EXPECT_THROW(require_own_name(path), Error) << path;
  }
}

}  // namespace
}  // namespace millrace::path_rules_test
