#include "artifacts/local_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <ctime>

#include "artifacts/file_system.h"
#include "artifacts/path_rules.h"
#include "store/common/error.h"
#include "store/common/ids.h"

namespace millrace {
namespace {

constexpr std::string_view kOwnUploadPrefix = ".artifact.uploading.millrace-";
constexpr std::uint64_t kWriteBack = std::uint64_t{8} << 20U;  // bytes
constexpr std::time_t kDay = 86'400;                           // seconds

struct SplitPath {
  std::string folder;
  std::string name;
};

SplitPath split(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {"", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

// Longer than any file system of this machine has one.
bool has_long_name(const std::string& path) {
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (end - begin > NAME_MAX) return true;
    begin = end + 1;
  }
  return false;
}

struct stat status_of(int file) {
  struct stat status {};
  if (fstat(file, &status) != 0) throw_file_error("look at a file", errno);
  return status;
}

std::string join(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : folder + "/" + name;
}

class LocalFile : public ArtifactFile {
 public:
  LocalFile(FileDescriptor file, const struct stat& status, std::string location)
      : file_(std::move(file)), status_(status), location_(std::move(location)) {}

  std::string location() const override { return location_; }

  std::uint64_t size() const override { return static_cast<std::uint64_t>(status_.st_size); }
  std::int64_t modified_ns() const override {
    return status_.st_mtim.tv_sec * 1'000'000'000 + status_.st_mtim.tv_nsec;
  }
  std::size_t read(std::uint64_t offset, char* buffer, std::size_t size) override {
    const ssize_t count = pread(file_.get(), buffer, size, static_cast<off_t>(offset));
    if (count < 0) throw_file_error("read a file", errno);
    return static_cast<std::size_t>(count);
  }

 private:
  FileDescriptor file_;
  struct stat status_;
  std::string location_;
};

// A temporary file in the folder of the artifact. Where others remove that folder it is one in the
// store's own, which nobody removes.
class LocalUpload : public ArtifactUpload {
 public:
  LocalUpload(Folder store, SplitPath path) : store_(std::move(store)), path_(std::move(path)) {
    folder_ = store_.make(path_.folder, Folder::Sync::Now);
    struct stat status {};
    if (folder_ && look_at_entry(folder_.get(), path_.name, status) && S_ISDIR(status.st_mode))
      throw_invalid_parameter("Invalid path: '" + join(path_.folder, path_.name) + "' is a folder");
    if (!folder_ || !make_file()) make_file_in_store();
  }
  ~LocalUpload() override {
    if (!committed_) unlinkat(folder_.get(), temporary_.c_str(), 0);
  }

  void write(const char* data, std::size_t size) override {
    while (size > 0) {
      const ssize_t count = ::write(file_.get(), data, size);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw_file_error("write a file", errno);
      data += count;
      size -= static_cast<std::size_t>(count);
      written_ += static_cast<std::uint64_t>(count);
    }
    // Written back while more comes, so that the sync at the end is short.
    if (written_ - started_ < kWriteBack) return;
    sync_file_range(file_.get(), static_cast<off_t>(started_),
                    static_cast<off_t>(written_ - started_), SYNC_FILE_RANGE_WRITE);
    started_ = written_;
  }

  // In this order on disk, so that a power failure at any point leaves what was there before or the
  // whole file, and after the return nothing but the file: its content and its size, its name, in
  // case of doubt each by a sync of its own.
  void commit() override {
    sync_content();
    for (int tries = 0; tries < kMostTries; ++tries) {
      const FileDescriptor made =
          in_store_ ? store_.make(path_.folder, Folder::Sync::Later) : FileDescriptor();
      if (in_store_ && !made) continue;
      if (put_into(in_store_ ? made.get() : folder_.get())) {
        committed_ = true;
        return in_store_ ? store_.sync(path_.folder) : sync_folder(folder_.get());
      }
      if (!in_store_) copy_to_store();
    }
    throw_removed();
  }

 private:
  [[noreturn]] static void throw_removed() {
    throw Error(ErrorCode::TemporarilyUnavailable,
                "The artifact's folder was removed again and again while it was written.");
  }

  void make_file_in_store() {
    in_store_ = true;
    for (int tries = 0; tries < kMostTries; ++tries) {
      folder_ = store_.make("", Folder::Sync::Now);
      if (folder_ && make_file()) return;
    }
    throw_removed();
  }

  // False when the folder is gone, or remove_stale_uploads, elsewhere, took the file before it was
  // ours.
  bool make_file() {
    temporary_ = std::string(kOwnUploadPrefix) + new_id();
    file_ = FileDescriptor(
        ::openat(folder_.get(), temporary_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!file_ && errno == ENOENT) return false;
    if (!file_) throw_file_error("make a file", errno);
    // Held until the upload ends: tells a living one from one that a crash left. Where there are no
    // locks nothing is found to be left either.
    if (flock(file_.get(), LOCK_EX | LOCK_NB) != 0) return errno != EWOULDBLOCK;
    return status_of(file_.get()).st_nlink > 0;
  }

  // An ordered journal allows for one sync instead of two. Once the pages are written, all that is
  // missing on disk of the content, its blocks and its size, is in the journal before the new name,
  // so that the name is never there without them; and the folder's sync puts the journal up to the
  // name on disk, the device's cache, with the pages, included.
  void sync_content() {
    constexpr unsigned kAndWait =
        SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
    const int failed = has_ordered_journal(file_.get())
                           ? sync_file_range(file_.get(), 0, 0, kAndWait)
                           : fdatasync(file_.get());
    if (failed != 0) throw_file_error("write a file to disk", errno);
  }

  // False when the file, or that folder, has been removed.
  bool put_into(int folder) {
    if (renameat(folder_.get(), temporary_.c_str(), folder, path_.name.c_str()) == 0) return true;
    if (errno == ENOENT) return false;
    if (errno == EISDIR || errno == ENOTEMPTY)
      throw_invalid_parameter("Invalid path: '" + path_.name + "' is a folder");
    throw_file_error("put a file in its place", errno);
  }

  // What was written lives on without a name, and nothing can give it one.
  void copy_to_store() {
    const FileDescriptor written = std::move(file_);
    make_file_in_store();
    off_t offset = 0;
    while (const ssize_t count = sendfile(file_.get(), written.get(), &offset, kWriteBack)) {
      if (count < 0 && errno != EINTR) throw_file_error("write a file", errno);
    }
    sync_content();
  }

  Folder store_;
  SplitPath path_;
  FileDescriptor folder_;
  std::string temporary_;
  FileDescriptor file_;
  std::uint64_t written_ = 0;
  std::uint64_t started_ = 0;  // up to here written back
  bool in_store_ = false;      // the temporary file
  bool committed_ = false;
};

// Whether it is an upload whose process is gone. Nothing but a file is opened, and if a pipe takes
// its place, the open does not wait.
bool is_stale(int folder, const std::string& name, const struct stat& found) {
  if (!S_ISREG(found.st_mode) || !name.starts_with(kUploadPrefix)) return false;
  const FileDescriptor file(
      ::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file) return false;
  const bool free = flock(file.get(), LOCK_EX | LOCK_NB) == 0;
  if (name.starts_with(kOwnUploadPrefix)) return free;
  return free && status_of(file.get()).st_mtim.tv_sec < std::time(nullptr) - kDay;
}

// What a link of a folder's list leads to; false when that is no artifact.
bool follow_link(const Folder& folder, const std::string& path, struct stat& status) try {
  const FileDescriptor target = folder.open(path, O_PATH, Folder::Links::Inside);
  if (target) status = status_of(target.get());
  return static_cast<bool>(target);
} catch (const Error& error) {
  if (error.code() == ErrorCode::InvalidParameterValue) return false;  // it leads out
  throw;
}

}  // namespace

ArtifactKind LocalStore::kind(const std::string& path) {
  const FileDescriptor file = folder_.open(path, O_PATH, Folder::Links::Inside);
  if (!file) return ArtifactKind::Missing;
  const mode_t mode = status_of(file.get()).st_mode;
  if (S_ISDIR(mode)) return ArtifactKind::Directory;
  return S_ISREG(mode) ? ArtifactKind::File : ArtifactKind::Missing;
}

std::unique_ptr<ArtifactFile> LocalStore::open(const std::string& path) {
  if (kind(path) != ArtifactKind::File) return nullptr;
  // A pipe in its place must not block: it is no artifact.
  FileDescriptor file = folder_.open(path, O_RDONLY | O_NONBLOCK, Folder::Links::Inside);
  if (!file) return nullptr;
  const struct stat status = status_of(file.get());
  if (!S_ISREG(status.st_mode)) return nullptr;
  return std::make_unique<LocalFile>(std::move(file), status, folder_.path() + "/" + path);
}

std::unique_ptr<ArtifactUpload> LocalStore::upload(const std::string& path) {
  kind(path);  // throws for a link that leads out, whose place the file would take
  SplitPath parts = split(path);
  if (has_long_name(parts.name)) throw_invalid_parameter("Invalid path: a name in it is too long");
  return std::make_unique<LocalUpload>(folder_, std::move(parts));
}

std::vector<ArtifactEntry> LocalStore::list(const std::string& path) {
  std::vector<ArtifactEntry> entries;
  const FileDescriptor folder = folder_.open(path, O_RDONLY | O_DIRECTORY, Folder::Links::Inside);
  if (!folder) return entries;
  each_entry(folder.get(), [&](const std::string& name) {
    if (name.starts_with(kUploadPrefix)) return;
    struct stat status {};
    if (!look_at_entry(folder.get(), name, status)) return;
    if (S_ISLNK(status.st_mode) && !follow_link(folder_, join(path, name), status)) return;
    const bool is_directory = S_ISDIR(status.st_mode);
    if (is_directory || S_ISREG(status.st_mode)) {
      entries.push_back(
          {name, is_directory, is_directory ? 0 : static_cast<std::uint64_t>(status.st_size)});
    }
  });
  std::sort(entries.begin(), entries.end(),
            [](const ArtifactEntry& a, const ArtifactEntry& b) { return a.name < b.name; });
  return entries;
}

void LocalStore::remove(const std::string& path) {
  if (path.empty()) throw_invalid_parameter("Invalid path: the whole store cannot be removed");
  if (has_long_name(path)) return;
  const FileDescriptor found = folder_.open(path, O_PATH, Folder::Links::None);
  if (!found) return;
  const SplitPath parts = split(path);
  const FileDescriptor folder =
      folder_.open(parts.folder, O_RDONLY | O_DIRECTORY, Folder::Links::None);
  if (!folder) return;
  remove_tree(folder.get(), parts.name);
  sync_folder(folder.get());
}

StaleUploads LocalStore::remove_stale_uploads(const std::stop_token& stop) {
  StaleUploads found;
  std::vector<std::string> folders{""};  // by path, so that a deep tree holds no descriptors
  while (!folders.empty() && !stop.stop_requested()) {
    const std::string path = std::move(folders.back());
    folders.pop_back();
    try {
      const FileDescriptor folder = folder_.open(path, O_RDONLY | O_DIRECTORY, Folder::Links::None);
      if (!folder) continue;
      each_entry(folder.get(), [&](const std::string& name) {
        struct stat status {};
        if (stop.stop_requested() || !look_at_entry(folder.get(), name, status)) return;
        if (S_ISDIR(status.st_mode)) folders.push_back(join(path, name));
        if (is_stale(folder.get(), name, status) && unlinkat(folder.get(), name.c_str(), 0) == 0)
          ++found.removed;
      });
    } catch (const Error& error) {
      if (found.failure.empty()) found.failure = error.message();
    }
  }
  return found;
}

}  // namespace millrace
