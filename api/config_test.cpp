#include "api/config.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace millrace {
namespace {

TEST(UriScheme, IsTheLowerCaseWordBeforeTheColon) {
  EXPECT_EQ(uri_scheme("sqlite:///a.db"), "sqlite");
  EXPECT_EQ(uri_scheme("MySQL+PyMySQL://u@h/d"), "mysql+pymysql");
  EXPECT_EQ(uri_scheme("./a:b"), "");
  EXPECT_EQ(uri_scheme("/abs"), "");
  EXPECT_EQ(uri_scheme("1a:b"), "");
  EXPECT_EQ(uri_scheme(":x"), "");
  EXPECT_EQ(uri_scheme(""), "");
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

TEST(SplitList, TrimsEachPart) {
  EXPECT_EQ(split_list(""), (std::vector<std::string>{}));
  EXPECT_EQ(split_list("a"), (std::vector<std::string>{"a"}));
  EXPECT_EQ(split_list(" a , b.*,\tc\n"), (std::vector<std::string>{"a", "b.*", "c"}));
  EXPECT_EQ(split_list("a,,b,"), (std::vector<std::string>{"a", "", "b", ""}));
}

TEST(HasFileStoreData, NeedsAnExperimentFolderWithItsMetaFile) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(testing::TempDir()) / "has_file_store_data";
  fs::remove_all(folder);
  EXPECT_FALSE(has_file_store_data(folder.string()));
  fs::create_directories(folder / "0");
  fs::create_directories(folder / "models");
  std::ofstream(folder / "models" / "meta.yaml") << "x";
  EXPECT_FALSE(has_file_store_data(folder.string()));
  std::ofstream(folder / "0" / "meta.yaml") << "x";
  EXPECT_TRUE(has_file_store_data(folder.string()));
  fs::remove_all(folder);
}

}  // namespace
}  // namespace millrace
