// What is written is read; what was changed in between is not.
#include "api/backup/reader.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "api/backup/artifact_walk.h"
#include "api/backup/writer.h"
#include "artifacts/file_descriptor.h"
#include "store/common/error.h"

namespace millrace::backup_reader_test {
namespace {

namespace fs = std::filesystem;

using Contents = std::map<std::string, std::string>;

// Keeps everything; folders end with a slash.
class MemorySink : public BackupSink {
 public:
  void begin(const Manifest&) override {}
  void folder(const TarMember& member) override { contents[member.path + "/"] = ""; }
  void begin_file(const TarMember& member) override { path_ = member.path; }
  void write(const char* data, std::size_t size) override { text_.append(data, size); }
  void end_file() override { contents[path_] = std::exchange(text_, ""); }

  Contents contents;

 private:
  std::string path_;
  std::string text_;
};

class BackupReaderTest : public testing::Test {
 protected:
  BackupReaderTest() {
    std::string pattern = (fs::temp_directory_path() / "backup_XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = fs::canonical(pattern);
    fs::create_directories(folder_ / "root");
  }
  ~BackupReaderTest() override { fs::remove_all(folder_); }

  void put(const std::string& name, const std::string& text) const {
    fs::create_directories((folder_ / "root" / name).parent_path());
    std::ofstream(folder_ / "root" / name) << text;
  }

  void save(const std::set<std::string>& left_out = {}) {
    Manifest manifest;
    manifest.folders = {{"artifacts"}};
    const FileDescriptor file(
        ::open(backup().c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    BackupWriter writer(file.get(), manifest, progress_);
    walk_artifacts((folder_ / "root").string(), left_out,
                   [&](const WalkedItem& item) {
                     const std::string member = "artifacts/" + item.name;
                     item.is_folder ? writer.add_folder(member, item.path)
                                    : writer.add_file(member, item.path);
                   },
                   [&](const std::string& line) { skipped_.push_back(line); });
    writer.finish();
  }

  Contents read() {
    const FileDescriptor file(::open(backup().c_str(), O_RDONLY | O_CLOEXEC));
    MemorySink sink;
    read_backup(file.get(), sink, progress_);
    return sink.contents;
  }
  std::string refusal() {
    try {
      read();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::InvalidState) << error.message();
      return error.message();
    }
    return "";
  }

  std::string bytes() const {
    std::stringstream text;
    text << std::ifstream(backup()).rdbuf();
    return text.str();
  }
  void set_bytes(const std::string& bytes) const { std::ofstream(backup()) << bytes; }
  std::string backup() const { return (folder_ / "file").string(); }

  fs::path folder_;
  Progress progress_{"test"};
  std::vector<std::string> skipped_;
};

// A path too long for the system, though the file can be reached from its folder.
TEST_F(BackupReaderTest, WhatCannotBeLookedAtIsNotLeftOut) {
  fs::path deep = folder_ / "root";
  while (deep.native().size() < 3900) deep /= std::string(100, 'd');
  fs::create_directories(deep);
  const std::string name(220, 'f');
  const FileDescriptor folder(::open(deep.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  ASSERT_TRUE(
      FileDescriptor(::openat(folder.get(), name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)));
  EXPECT_THROW(save(), Error);
  EXPECT_EQ(unlinkat(folder.get(), name.c_str(), 0), 0);
  EXPECT_NO_THROW(save());
}

TEST_F(BackupReaderTest, EverythingComesBack) {
  const std::string deep =
      std::string(120, 'd') + "/" + std::string(120, 'e') + "/Größe \xff\n.txt";
  const Contents files{
      {"a", "1"}, {"b/empty", ""}, {deep, "deep"}, {"b/\\", std::string(3 << 20, 'x')}};
  for (const auto& [name, text] : files) put(name, text);
  fs::create_directories(folder_ / "root" / "none" / "here");
  save();
  Contents expected{{"artifacts/b/", ""},
                    {"artifacts/none/", ""},
                    {"artifacts/none/here/", ""},
                    {"artifacts/" + std::string(120, 'd') + "/", ""},
                    {"artifacts/" + std::string(120, 'd') + "/" + std::string(120, 'e') + "/", ""}};
  for (const auto& [name, text] : files) expected["artifacts/" + name] = text;
  EXPECT_EQ(read(), expected);
}

TEST_F(BackupReaderTest, WhatIsNoArtifactIsLeftOut) {
  put("a", "1");
  put(".artifact.uploading.x", "half");
  put("out", "not me");
  fs::create_directories(folder_ / "root" / "lost+found");
  fs::create_symlink(folder_ / "root" / "a", folder_ / "root" / "inside");
  fs::create_symlink("/etc/passwd", folder_ / "root" / "outside");
  fs::create_symlink("/nowhere", folder_ / "root" / "broken");
  fs::create_symlink(".", folder_ / "root" / "loop");
  ASSERT_EQ(::mkfifo((folder_ / "root" / "pipe").c_str(), 0600), 0);
  save({(folder_ / "root" / "out").string()});
  EXPECT_EQ(read(), (Contents{{"artifacts/a", "1"}, {"artifacts/inside", "1"}}));
  EXPECT_EQ(skipped_.size(), 4U);
}

// Each byte in turn: refused, or of no importance (modes and times, what fills up blocks).
TEST_F(BackupReaderTest, NoChangedByteGetsThrough) {
  put("a", "some text");
  put("b/c", std::string(700, 'y'));
  save();
  const std::string good = bytes();
  const Contents expected = read();
  std::size_t refused = 0;
  for (std::size_t i = 0; i < good.size(); i += 3) {  // all of them take a minute under ASan
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ (1 << (i % 8)));
    set_bytes(bad);
    try {
      ASSERT_EQ(read(), expected) << "byte " << i;
    } catch (const Error& error) {
      ASSERT_EQ(error.code(), ErrorCode::InvalidState) << error.message();
      ++refused;
    }
  }
  EXPECT_GT(refused, 500U);
}

TEST_F(BackupReaderTest, NoPartGetsThrough) {
  put("a", "some text");
  put("b/c", std::string(700, 'y'));
  save();
  const std::string good = bytes();
  const std::size_t end = good.rfind("artifacts/b/c") + std::string("artifacts/b/c\n").size();
  for (std::size_t size = 0; size < end; ++size) {
    set_bytes(good.substr(0, size));
    ASSERT_NE(refusal(), "") << size;
  }
  set_bytes(good);
  EXPECT_EQ(refusal(), "");
}

TEST_F(BackupReaderTest, OtherFilesAreNone) {
  set_bytes("");
  EXPECT_EQ(refusal(), "The file is empty.");
  for (const std::string& other :
       {std::string("x"), std::string(100'000, 'x'), std::string(100'000, '\0'),
        std::string("\x1f\x8b\x08\0\0\0", 6)}) {
    set_bytes(other);
    EXPECT_NE(refusal(), "");
  }
}

}  // namespace
}  // namespace millrace::backup_reader_test
