// What the system refuses, what others do meanwhile, and what is no file: each through a
// LocalStore, which is where it is met.
#include "artifacts/folder.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <thread>

#include "artifacts/local_store.h"
#include "store/common/error.h"

namespace millrace::folder_test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// Runs `work` in a thread of its own in which a system call fails; false where that cannot be had.
bool with_failing(long call, int error, const std::function<void()>& work) {
  bool done = false;
  std::thread([&] {
    const auto number = static_cast<std::uint32_t>(call);
    const auto refusal = SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error);
    std::array<sock_filter, 4> filter{{{BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
                                       {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, number},
                                       {BPF_RET | BPF_K, 0, 0, refusal},
                                       {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}}};
    const sock_fprog program{filter.size(), filter.data()};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return;
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) return;
    work();
    done = true;
  }).join();
  return done;
}

class FolderTest : public testing::Test {
 protected:
  FolderTest() { fs::create_directory(root()); }
  ~FolderTest() override { fs::remove_all(folder_); }

  static fs::path new_folder() {
    std::string pattern = (fs::temp_directory_path() / "folder_XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    return pattern;
  }
  fs::path root() const { return folder_ / "root"; }

  static void put(LocalStore& store, const std::string& path, const std::string& text) {
    const auto upload = store.upload(path);
    upload->write(text.data(), text.size());
    upload->commit();
  }
  void put(const std::string& path, const std::string& text) { put(store_, path, text); }
  std::string get(const std::string& path) {
    const auto file = store_.open(path);
    if (file == nullptr) return "<none>";
    std::string text(file->size(), ' ');
    text.resize(file->read(0, text.data(), text.size()));
    return text;
  }
  // What is said of a failure; "" when there is none.
  static std::string refusal(const std::function<void()>& work) {
    try {
      work();
    } catch (const Error& error) {
      return std::string(error_row(error.code()).wire_name) + " " + error.message();
    }
    return "";
  }

  fs::path folder_ = new_folder();
  LocalStore store_{root().string()};
};

TEST_F(FolderTest, WhatCannotBeLookedAtIsNotAbsent) {
  put("d/f", "x");
  struct Case {
    long call;
    bool for_lists_alone;
  };
  constexpr std::array kCases{Case{SYS_openat, false}, Case{SYS_openat2, false},
                              Case{SYS_getdents64, true}, Case{SYS_newfstatat, true}};
  for (const Case& one : kCases) {
    for (const int error : {EMFILE, EACCES, ESTALE, EIO}) {
      const std::string reason = std::generic_category().message(error);
      const bool done = with_failing(one.call, error, [&] {
        const auto expect_refusal = [&](const char* what, const std::function<void()>& work) {
          EXPECT_THAT(refusal(work), testing::AllOf(HasSubstr("INTERNAL_ERROR"), HasSubstr(reason)))
              << what << " with call " << one.call;
        };
        expect_refusal("list", [&] { store_.list("d"); });
        EXPECT_THAT(store_.remove_stale_uploads().failure, HasSubstr(reason)) << one.call;
        if (one.call != SYS_newfstatat) expect_refusal("remove", [&] { store_.remove("d"); });
        if (one.for_lists_alone) return;
        expect_refusal("kind", [&] { store_.kind("d/f"); });
        expect_refusal("open", [&] { store_.open("d/f"); });
        expect_refusal("upload", [&] { put("d/f", "y"); });
      });
      if (!done) GTEST_SKIP() << "no filter of system calls here";
    }
  }
  EXPECT_EQ(get("d/f"), "x");
}

TEST_F(FolderTest, ARootThatIsNoFolderHoldsNothing) {
  std::ofstream(folder_ / "file") << "x";
  fs::create_symlink("loop", folder_ / "loop");
  for (const char* name : {"none", "none/none", "file", "file/none"}) {
    LocalStore store((folder_ / name).string());
    EXPECT_EQ(store.kind("f"), ArtifactKind::Missing) << name;
    EXPECT_TRUE(store.list("").empty()) << name;
    store.remove("f");
  }
  LocalStore store((folder_ / "loop").string());
  EXPECT_THAT(refusal([&] { store.kind("f"); }), HasSubstr("symbolic links"));
  EXPECT_THAT(refusal([&] { store.list(""); }), HasSubstr("symbolic links"));
  EXPECT_THAT(refusal([&] { store.remove("f"); }), HasSubstr("symbolic links"));
}

TEST_F(FolderTest, AFolderBelowTheRootIsReachedThroughNoLink) {
  fs::create_directory(folder_ / "outside");
  std::ofstream(folder_ / "outside/f") << "secret";
  LocalStore store(root().string(), "1/run");
  put(store, "a/f", "x");
  EXPECT_EQ(get("1/run/a/f"), "x");
  fs::create_symlink("../a/f", root() / "1/run/a/inside");
  fs::create_symlink("../../2", root() / "1/run/beside");
  put("2/f", "x");
  EXPECT_NE(store.open("a/inside"), nullptr);
  EXPECT_THAT(refusal([&] { store.open("beside/f"); }), HasSubstr("outside"));
  fs::rename(root() / "1/run", root() / "1/moved");
  for (const fs::path& target : {folder_ / "outside", root() / "2"}) {
    fs::create_directory_symlink(target, root() / "1/run");
    EXPECT_THAT(refusal([&] { store.open("f"); }), HasSubstr("symbolic link"));
    EXPECT_THAT(refusal([&] { store.list(""); }), HasSubstr("symbolic link"));
    EXPECT_THAT(refusal([&] { put(store, "new", "y"); }), HasSubstr("symbolic link"));
    EXPECT_THAT(refusal([&] { put(store, "new/f", "y"); }), HasSubstr("symbolic link"));
    EXPECT_THAT(refusal([&] { store.remove("f"); }), HasSubstr("symbolic link"));
    EXPECT_FALSE(fs::exists(target / "new"));
    EXPECT_TRUE(fs::exists(target / "f"));
    fs::remove(root() / "1/run");
  }
}

TEST_F(FolderTest, PipesAreNeitherOpenedNorServed) {
  put("d/f", "x");
  const std::array names{"d/pipe", "d/.artifact.uploading.millrace-pipe",
                         "d/.artifact.uploading.p"};
  const FileDescriptor opened(inotify_init1(IN_NONBLOCK));
  for (const char* name : names) {
    const std::string path = (root() / name).string();
    ASSERT_EQ(mkfifo(path.c_str(), 0666), 0);
    ASSERT_GE(inotify_add_watch(opened.get(), path.c_str(), IN_OPEN), 0);
  }
  EXPECT_EQ(store_.kind("d/pipe"), ArtifactKind::Missing);
  EXPECT_EQ(store_.open("d/pipe"), nullptr);
  EXPECT_EQ(store_.list("d").size(), 1U);
  EXPECT_TRUE(store_.list("d/pipe").empty());
  EXPECT_EQ(store_.remove_stale_uploads().removed, 0U);
  EXPECT_THAT(refusal([&] { put("d/pipe/f", "x"); }), HasSubstr("'d/pipe' is not a folder"));
  put("d/pipe", "a file");
  EXPECT_EQ(get("d/pipe"), "a file");
  store_.remove("d");
  EXPECT_FALSE(fs::exists(root() / "d"));
  std::array<char, 4096> events;
  bool was_opened = false;
  for (ssize_t size = 0; (size = ::read(opened.get(), events.data(), events.size())) > 0;) {
    for (ssize_t at = 0; at < size; at += static_cast<ssize_t>(sizeof(inotify_event))) {
      inotify_event event{};
      std::memcpy(&event, events.data() + at, sizeof event);
      was_opened = was_opened || (event.mask & IN_OPEN) != 0;
    }
  }
  EXPECT_FALSE(was_opened);
}

TEST_F(FolderTest, AnUploadOutlivesItsFolder) {
  const auto upload = store_.upload("d/e/f");
  const std::string half(std::size_t{20} << 20U, 'x');
  upload->write(half.data(), half.size());
  store_.remove("d");
  EXPECT_EQ(store_.kind("d"), ArtifactKind::Missing);
  upload->write("rest", 4);
  upload->commit();
  EXPECT_EQ(get("d/e/f"), half + "rest");
  EXPECT_EQ(std::distance(fs::directory_iterator(root() / "d/e"), fs::directory_iterator()), 1);
}

TEST_F(FolderTest, UploadsBesideDeletionsOfTheFolderAbove) {
  std::atomic<bool> stop = false;
  std::atomic<int> failures = 0;
  const auto count = [&](const std::function<void()>& work) {
    const std::string text = refusal(work);
    if (!text.empty() && failures++ == 0) ADD_FAILURE() << text;
  };
  const auto remove = [&] {
    while (!stop) count([&] { store_.remove("d"); });
  };
  std::thread first(remove);
  std::thread second(remove);
  for (int i = 0; i < 200; ++i) count([&] { put("d/e/f" + std::to_string(i), "x"); });
  stop = true;
  first.join();
  second.join();
  EXPECT_EQ(failures, 0);
  store_.remove("d");
  EXPECT_TRUE(fs::is_empty(root()));
}

TEST_F(FolderTest, WhatIsRemovedEachTimeIsGivenUp) {
  std::string text;
  if (!with_failing(SYS_renameat, ENOENT, [&] { text = refusal([&] { put("d/f", "x"); }); }))
    GTEST_SKIP() << "no filter of system calls here";
  EXPECT_THAT(text, HasSubstr("TEMPORARILY_UNAVAILABLE"));
  EXPECT_EQ(std::distance(fs::directory_iterator(root()), fs::directory_iterator()), 1);
}

}  // namespace
}  // namespace millrace::folder_test
