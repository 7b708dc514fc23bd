#include "artifacts/writable.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

namespace millrace::writable_test {
namespace {

class WritableTest : public testing::Test {
 protected:
  WritableTest() {
    std::string pattern = testing::TempDir() + "/writable_XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~WritableTest() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
};

TEST_F(WritableTest, WhatIsNotThereIsJudgedByTheNearestFolderAbove) {
  EXPECT_EQ(nearest_folder(folder_ + "/a/b"), folder_);
  EXPECT_EQ(nearest_folder("/not-there/x"), "/");
  EXPECT_EQ(nearest_folder("not-there"), ".");
  EXPECT_EQ(why_not_writable(folder_ + "/a/b"), 0);
  std::ofstream(folder_ + "/file") << "x";
  EXPECT_EQ(why_not_writable(folder_ + "/file"), ENOTDIR);
  EXPECT_EQ(why_not_writable(folder_ + "/file/below"), ENOTDIR);
}

TEST_F(WritableTest, RightsCount) {
  if (::geteuid() == 0) GTEST_SKIP() << "the superuser may write everywhere";
  std::filesystem::permissions(folder_, std::filesystem::perms::owner_read);
  EXPECT_EQ(why_not_writable(folder_), EACCES);
  std::filesystem::permissions(folder_, std::filesystem::perms::owner_all);
}

TEST_F(WritableTest, Room) {
  EXPECT_TRUE(has_room(folder_ + "/a/b", 0));
  EXPECT_FALSE(has_room(folder_, std::numeric_limits<std::uint64_t>::max()));
  EXPECT_TRUE(has_room("/proc", 1)) << "which has no size";
}

}  // namespace
}  // namespace millrace::writable_test
