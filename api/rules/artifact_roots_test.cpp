#include "api/rules/artifact_roots.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include "store/common/error.h"

namespace millrace::artifact_roots_test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ArtifactRootsTest : public testing::Test {
 protected:
  ArtifactRootsTest() {
    std::string pattern = (fs::temp_directory_path() / "artifact_roots_XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = pattern;
    config_.artifacts_destination = folder_ / "served";
  }
  ~ArtifactRootsTest() override { fs::remove_all(folder_); }

  void write(const fs::path& path) const {
    fs::create_directories((folder_ / path).parent_path());
    std::ofstream(folder_ / path) << "x";
  }
  std::string refusal(const std::string& uri) const {
    try {
      ArtifactRoots(config_).find(uri);
    } catch (const Error& error) {
      return std::string(error_row(error.code()).wire_name) + " " + error.message();
    }
    return "<none>";
  }
  bool has_file(const std::string& uri, const std::string& path) const {
    const ArtifactPlace place = ArtifactRoots(config_).find(uri);
    return place.store->kind(place.join(path)) == ArtifactKind::File;
  }

  fs::path folder_;
  Config config_;
};

TEST_F(ArtifactRootsTest, ProxiedLocationsLieBelowTheDestination) {
  write("served/1/r/artifacts/a.txt");
  EXPECT_TRUE(has_file("mlflow-artifacts:/1/r/artifacts", "a.txt"));
  EXPECT_TRUE(has_file("mlflow-artifacts:///1/r/artifacts", "a.txt"));
  EXPECT_TRUE(has_file("http://x:1/api/2.0/mlflow-artifacts/artifacts/1/r/artifacts", "a.txt"));
  EXPECT_THAT(refusal("http://x:1/elsewhere"), HasSubstr("INVALID_PARAMETER_VALUE"));
}

TEST_F(ArtifactRootsTest, TheRootOfALocationNeedNotBeThere) {
  config_.artifact_roots = {folder_ / "more"};
  const ArtifactRoots roots(config_);
  EXPECT_EQ(roots.root_of("mlflow-artifacts:/1/r/artifacts"), folder_ / "served");
  EXPECT_EQ(roots.root_of((folder_ / "more/1/r").string()), folder_ / "more");
  EXPECT_THROW(roots.root_of((folder_ / "else/1/r").string()), Error);
  EXPECT_THROW(roots.root_of("s3://b/1/r"), Error);
  EXPECT_EQ(proxied_path("https://u@h/p/api/2.0/mlflow-artifacts/artifacts/1/a%20b"), "1/a%20b");
  EXPECT_THROW(proxied_path("https://h/1/r"), Error);
}

TEST_F(ArtifactRootsTest, LocalLocationsMustLieBelowARoot) {
  write("served/a.txt");
  write("other/a.txt");
  write("served-beside/a.txt");
  EXPECT_TRUE(has_file((folder_ / "served").string(), "a.txt"));
  EXPECT_TRUE(has_file("file://" + (folder_ / "served").string(), "a.txt"));
  for (const char* name : {"other", "served-beside", "served/../other", ""})
    EXPECT_THAT(refusal((folder_ / name).string()), HasSubstr("--allowed-artifact-root")) << name;
  EXPECT_THAT(refusal("file:///etc"), HasSubstr("INVALID_PARAMETER_VALUE"));
  EXPECT_TRUE(ArtifactRoots(config_).is_outside((folder_ / "other").string()));
  EXPECT_FALSE(ArtifactRoots(config_).is_outside((folder_ / "served/1").string()));
  EXPECT_FALSE(ArtifactRoots(config_).is_outside("mlflow-artifacts:/1"));
  EXPECT_FALSE(ArtifactRoots(config_).is_outside("s3://b/1"));
  EXPECT_FALSE(ArtifactRoots(config_).is_outside("file://elsewhere/1"));
  config_.artifact_roots = {(folder_ / "other").string()};
  EXPECT_TRUE(has_file((folder_ / "other").string(), "a.txt"));
  EXPECT_FALSE(ArtifactRoots(config_).is_outside((folder_ / "other").string()));
}

TEST_F(ArtifactRootsTest, ALinkIsJudgedByWhereItLeads) {
  write("served/a.txt");
  write("other/a.txt");
  fs::create_directory_symlink(folder_ / "other", folder_ / "served/out");
  fs::create_directory_symlink(folder_ / "served", folder_ / "in");
  EXPECT_THAT(refusal((folder_ / "served/out").string()), HasSubstr("--allowed-artifact-root"));
  EXPECT_TRUE(has_file((folder_ / "in").string(), "a.txt"));
}

// Somebody who may write there swaps a run's folder and a link that leads out, again and again.
TEST_F(ArtifactRootsTest, NoLinkThatIsSwappedInLeadsOut) {
  write("served/1/run/artifacts/f");
  write("other/f");
  std::ofstream(folder_ / "other/f") << "secret";
  const std::string place = folder_ / "served/1/run/artifacts";
  const std::string link = folder_ / "served/1/run/link";
  fs::create_directory_symlink(folder_ / "other", link);
  const auto swap = [&] {
    return renameat2(AT_FDCWD, place.c_str(), AT_FDCWD, link.c_str(), RENAME_EXCHANGE) == 0;
  };
  if (!swap()) GTEST_SKIP() << "no exchange of names here";
  std::atomic<bool> stop = false;
  std::thread swapper([&] {
    while (!stop) swap();
  });
  const ArtifactRoots roots(config_);
  int served = 0;
  int refused = 0;
  for (int i = 0; i < 20'000 || served < 1000 || refused < 1000; ++i) {
    try {
      const ArtifactPlace found = roots.find(place);
      const auto file = found.store->open(found.join("f"));
      if (file == nullptr) continue;
      ++served;
      EXPECT_EQ(file->size(), 1U);
      if (i % 10 == 0) found.store->upload(found.join("f" + std::to_string(i)));
      if (i % 10 == 1) found.store->remove(found.join("f-gone"));
      EXPECT_EQ(found.store->list("").size(), 1U);
    } catch (const Error&) {
      ++refused;
    }
  }
  stop = true;
  swapper.join();
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "other"), fs::directory_iterator()), 1);
}

TEST_F(ArtifactRootsTest, StorageElsewhereIsNotReached) {
  EXPECT_THAT(refusal("s3://bucket/p"), HasSubstr("NOT_IMPLEMENTED"));
  config_.artifacts_destination = "s3://bucket/p";
  EXPECT_THAT(refusal("mlflow-artifacts:/1"), HasSubstr("NOT_IMPLEMENTED"));
}

TEST_F(ArtifactRootsTest, NewArtifactsComeHereOnlyThroughTheProxy) {
  EXPECT_EQ(ArtifactRoots(config_).folder_of_new(), config_.artifacts_destination);
  config_.artifacts_destination = "s3://bucket/p";
  EXPECT_EQ(ArtifactRoots(config_).folder_of_new(), std::nullopt);
  config_.artifacts_destination = folder_ / "served";
  config_.default_artifact_root = "s3://bucket/x";
  EXPECT_EQ(ArtifactRoots(config_).folder_of_new(), std::nullopt);
  config_.default_artifact_root = "mlflow-artifacts:/";
  config_.serve_artifacts = false;
  EXPECT_EQ(ArtifactRoots(config_).folder_of_new(), std::nullopt);
}

TEST_F(ArtifactRootsTest, AFurtherRootIsAFolderOfThisMachine) {
  config_.artifact_roots = {folder_ / "not there yet"};
  EXPECT_NO_THROW(ArtifactRoots{config_});
  config_.artifact_roots = {"s3://bucket/p"};
  EXPECT_THROW(ArtifactRoots{config_}, Error);
}

TEST_F(ArtifactRootsTest, WithoutTheProxyItsLocationsAreNobodys) {
  config_.serve_artifacts = false;
  EXPECT_FALSE(ArtifactRoots(config_).is_proxied("mlflow-artifacts:/1"));
  EXPECT_THAT(refusal("mlflow-artifacts:/1"), HasSubstr("NOT_IMPLEMENTED"));
}

TEST_F(ArtifactRootsTest, InterruptedUploadsGoAndFilesStay) {
  write("served/1/.artifact.uploading.millrace-left");
  write("served/1/a.txt");
  ArtifactRoots(config_).remove_stale_uploads({});
  EXPECT_FALSE(fs::exists(folder_ / "served/1/.artifact.uploading.millrace-left"));
  EXPECT_TRUE(fs::exists(folder_ / "served/1/a.txt"));
}

TEST(ArtifactPlace, Join) {
  EXPECT_EQ((ArtifactPlace{nullptr, ""}.join("a")), "a");
  EXPECT_EQ((ArtifactPlace{nullptr, "1/r"}.join("a")), "1/r/a");
  EXPECT_EQ((ArtifactPlace{nullptr, "1/r/"}.join("a")), "1/r/a");
}

}  // namespace
}  // namespace millrace::artifact_roots_test
