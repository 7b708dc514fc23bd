#include "artifacts/real_path.h"

#include <gtest/gtest.h>
#include <limits.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace millrace::real_path_test {
namespace {

namespace fs = std::filesystem;

TEST(IsWithin, ComparesWholeNames) {
  EXPECT_TRUE(is_within("/a/b", "/a/b"));
  EXPECT_TRUE(is_within("/a/b/c", "/a/b"));
  EXPECT_TRUE(is_within("/a", "/"));
  EXPECT_FALSE(is_within("/a/bc", "/a/b"));
  EXPECT_FALSE(is_within("/a", "/a/b"));
}

class ResolvePath : public testing::Test {
 protected:
  ResolvePath() {
    std::string pattern = (fs::temp_directory_path() / "resolve_path_XXXXXX").native();
    root_ = fs::canonical(mkdtemp(pattern.data())).native();
    fs::create_directories(root_ + "/inside/sub");
    fs::create_directories(root_ + "/outside");
    fs::create_directory_symlink(root_ + "/outside", root_ + "/inside/absolute");
    fs::create_directory_symlink("../outside", root_ + "/inside/relative");
    fs::create_symlink("loop", root_ + "/inside/loop");
    std::ofstream(root_ + "/inside/file") << "x";
  }
  ~ResolvePath() override { fs::remove_all(root_); }

  std::string root_;
};

TEST_F(ResolvePath, FollowsLinks) {
  EXPECT_EQ(resolve_path(root_ + "/inside/absolute/x"), root_ + "/outside/x");
  EXPECT_EQ(resolve_path(root_ + "//inside/./relative/../y/"), root_ + "/y");
  EXPECT_EQ(resolve_path("/"), "/");
  EXPECT_EQ(resolve_path("//"), "/");
  EXPECT_EQ(resolve_path("/../.."), "/");
}

TEST_F(ResolvePath, GoesOnBehindWhatIsMissing) {
  EXPECT_EQ(resolve_path(root_ + "/inside/missing/../relative/x"), root_ + "/outside/x");
  EXPECT_EQ(resolve_path(root_ + "/inside/file/../sub"), root_ + "/inside/sub");
}

TEST_F(ResolvePath, TakesARelativePathFromTheWorkingFolder) {
  EXPECT_EQ(resolve_path(""), fs::current_path().native());
  EXPECT_EQ(resolve_path("no_such_folder/../x"), (fs::current_path() / "x").native());
}

TEST_F(ResolvePath, LinksInARowAreFollowedToTheEnd) {
  fs::create_directory_symlink("relative/../inside/absolute", root_ + "/inside/twice");
  EXPECT_EQ(resolve_path(root_ + "/inside/twice/x/../y"), root_ + "/outside/y");
}

TEST_F(ResolvePath, RefusesWhatTheKernelCannotOpen) {
  std::string path = root_ + "/missing";
  while (path.size() + 2 < PATH_MAX) path += "/a";
  EXPECT_EQ(resolve_path(path), path);
  EXPECT_EQ(resolve_path(path + "/a"), std::nullopt);
}

TEST_F(ResolvePath, IsThePathWithoutLinksWhereThereAreNone) {
  for (const std::string& path : {root_ + "/inside/./sub/../x/", std::string("//a//b"),
                                  std::string("/"), std::string("x/../y"), std::string()}) {
    EXPECT_EQ(resolve_path(path), path_without_links(path)) << path;
  }
  EXPECT_NE(resolve_path(root_ + "/inside/absolute"),
            path_without_links(root_ + "/inside/absolute"));
}

TEST_F(ResolvePath, RefusesLoopsAndNul) {
  EXPECT_EQ(resolve_path(root_ + "/inside/loop"), std::nullopt);
  EXPECT_EQ(resolve_path(root_ + "/inside/loop/../sub"), std::nullopt);
  EXPECT_EQ(resolve_path(std::string("/a\0b", 4)), std::nullopt);
}

}  // namespace
}  // namespace millrace::real_path_test
