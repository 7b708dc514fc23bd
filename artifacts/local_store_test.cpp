#include "artifacts/local_store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "store/common/error.h"

namespace millrace::local_store_test {
namespace {

namespace fs = std::filesystem;

class LocalStoreTest : public testing::Test {
 protected:
  LocalStoreTest() { std::ofstream(folder_ / "canary") << "secret"; }
  ~LocalStoreTest() override { fs::remove_all(folder_); }

  static fs::path new_folder() {
    std::string pattern = (fs::temp_directory_path() / "local_store_XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    return pattern;
  }
  fs::path root() const { return folder_ / "root"; }

  void put(const std::string& path, const std::string& text) {
    const auto upload = store_.upload(path);
    upload->write(text.data(), text.size());
    upload->commit();
  }
  static std::string content(ArtifactFile& file) {
    std::string text(file.size(), ' ');
    text.resize(file.read(0, text.data(), text.size()));
    return text;
  }
  std::string get(const std::string& path) {
    const auto file = store_.open(path);
    return file == nullptr ? "<none>" : content(*file);
  }
  std::string names(const std::string& path) {
    std::string text;
    for (const ArtifactEntry& entry : store_.list(path))
      text += entry.name + (entry.is_directory ? "/ " : ":" + std::to_string(entry.size) + " ");
    return text;
  }

  fs::path folder_ = new_folder();
  LocalStore store_{(folder_ / "root").string()};
};

TEST_F(LocalStoreTest, WhatIsPutCanBeReadListedAndRemoved) {
  EXPECT_EQ(names(""), "");
  put("a/b/c.txt", "hello");
  put("a/empty", "");
  EXPECT_EQ(get("a/b/c.txt"), "hello");
  EXPECT_EQ(names("a"), "b/ empty:0 ");
  EXPECT_EQ(names("a/b"), "c.txt:5 ");
  EXPECT_EQ(names("a/b/c.txt"), "");
  EXPECT_EQ(store_.kind("a"), ArtifactKind::Directory);
  EXPECT_EQ(store_.kind("a/empty"), ArtifactKind::File);
  EXPECT_EQ(store_.kind("a/none"), ArtifactKind::Missing);
  EXPECT_EQ(get("a"), "<none>");
  store_.remove("a");
  store_.remove("a");
  EXPECT_EQ(names(""), "");
}

TEST_F(LocalStoreTest, AnUploadIsSeenWholeOrNotAtAll) {
  put("f", "old");
  {
    const auto upload = store_.upload("f");
    upload->write("half", 4);
    EXPECT_EQ(get("f"), "old");
    EXPECT_EQ(names(""), "f:3 ");
  }
  EXPECT_EQ(get("f"), "old");
  EXPECT_EQ(std::distance(fs::directory_iterator(root()), fs::directory_iterator()), 1);
}

TEST_F(LocalStoreTest, AReaderKeepsTheOldBytes) {
  put("f", "old bytes");
  const auto file = store_.open("f");
  put("f", "new");
  EXPECT_EQ(content(*file), "old bytes");
  EXPECT_EQ(get("f"), "new");
}

TEST_F(LocalStoreTest, FilesAndFoldersDoNotReplaceEachOther) {
  put("a/b", "x");
  EXPECT_THROW(put("a", "y"), Error);
  EXPECT_THROW(put("a/b/c", "y"), Error);
  EXPECT_EQ(get("a/b"), "x");
}

TEST_F(LocalStoreTest, LinksThatLeadOutAreNotFollowed) {
  put("d/x", "x");
  fs::create_symlink(folder_ / "canary", root() / "out");
  fs::create_directory_symlink(folder_, root() / "up");
  fs::create_directory_symlink("d", root() / "inside");
  for (const char* path : {"out", "up/canary", "up"}) {
    EXPECT_THROW(store_.open(path), Error) << path;
    EXPECT_THROW(store_.list(path), Error) << path;
    EXPECT_THROW(put(path, "overwritten"), Error) << path;
    EXPECT_THROW(store_.remove(path), Error) << path;
  }
  EXPECT_THROW(put("up/new", "x"), Error);
  EXPECT_FALSE(fs::exists(folder_ / "new"));
  EXPECT_EQ(get("inside/x"), "x");
  EXPECT_EQ(names(""), "d/ inside/ ");
  EXPECT_THROW(store_.remove("inside/x"), Error);
  store_.remove("d");
  EXPECT_TRUE(fs::exists(folder_ / "canary"));
}

TEST_F(LocalStoreTest, AFileTakesThePlaceOfALinkAndNotOfItsFolder) {
  put("d/x", "x");
  fs::create_directory_symlink("d", root() / "link");
  put("link", "file");
  EXPECT_EQ(get("link"), "file");
  EXPECT_EQ(get("d/x"), "x");
}

TEST_F(LocalStoreTest, CleaningEndsWhenAsked) {
  put("f", "x");
  std::ofstream(root() / ".artifact.uploading.millrace-0") << "left";
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(store_.remove_stale_uploads(stop.get_token()).removed, 0u);
  EXPECT_EQ(store_.remove_stale_uploads().removed, 1u);
}

TEST_F(LocalStoreTest, RemovingAFolderRemovesItsLinksAndNotTheirTargets) {
  put("d/x", "x");
  fs::create_directory_symlink(folder_, root() / "d" / "up");
  store_.remove("d");
  EXPECT_FALSE(fs::exists(root() / "d"));
  EXPECT_TRUE(fs::exists(folder_ / "canary"));
}

TEST_F(LocalStoreTest, TheRootCannotBeRemoved) { EXPECT_THROW(store_.remove(""), Error); }

TEST_F(LocalStoreTest, UploadsOfACrashAreRemovedAndLivingOnesKept) {
  put("a/f", "x");
  std::ofstream(root() / "a" / ".artifact.uploading.millrace-0") << "left";
  std::ofstream(root() / "a" / ".artifact.uploading.of-mlflow") << "new";
  const auto upload = store_.upload("a/g");
  EXPECT_EQ(store_.remove_stale_uploads().removed, 1U);
  upload->write("y", 1);
  upload->commit();
  EXPECT_EQ(names("a"), "f:1 g:1 ");
  EXPECT_TRUE(fs::exists(root() / "a" / ".artifact.uploading.of-mlflow"));
}

TEST_F(LocalStoreTest, NamesThatAreTooLongAreRefused) {
  EXPECT_THROW(put(std::string(256, 'x'), "x"), Error);
  EXPECT_THROW(put(std::string(256, 'x') + "/f", "x"), Error);
  EXPECT_THROW(store_.open(std::string(300, 'x')), Error);
}

}  // namespace
}  // namespace millrace::local_store_test
