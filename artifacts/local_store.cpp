#include "artifacts/local_store.h"

#include <fcntl.h>
#include <sys/file.h>
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

bool is_link(int folder, const std::string& name) {
  struct stat status {};
  return fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISLNK(status.st_mode);
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

class LocalUpload : public ArtifactUpload {
 public:
  LocalUpload(FileDescriptor folder, std::string name)
      : folder_(std::move(folder)), name_(std::move(name)) {
    while (!make_file()) {
    }
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
  //
  // An ordered journal allows for one sync instead of two. Once the pages are written, all that is
  // missing on disk of the content, its blocks and its size, is in the journal before the new name,
  // so that the name is never there without them; and the folder's sync puts the journal up to the
  // name on disk, the device's cache, with the pages, included.
  void commit() override {
    constexpr unsigned kAndWait =
        SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
    const int failed = has_ordered_journal(file_.get())
                           ? sync_file_range(file_.get(), 0, 0, kAndWait)
                           : fdatasync(file_.get());
    if (failed != 0) throw_file_error("write a file to disk", errno);
    if (renameat(folder_.get(), temporary_.c_str(), folder_.get(), name_.c_str()) != 0) {
      if (errno == EISDIR || errno == ENOTEMPTY)
        throw_invalid_parameter("Invalid path: '" + name_ + "' is a folder");
      throw_file_error("put a file in its place", errno);
    }
    committed_ = true;
    if (fsync(folder_.get()) != 0) throw_file_error("write a folder to disk", errno);
  }

 private:
  // False when remove_stale_uploads, elsewhere, took the file before it was ours.
  bool make_file() {
    temporary_ = std::string(kOwnUploadPrefix) + new_id();
    file_ = FileDescriptor(
        ::openat(folder_.get(), temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!file_) throw_file_error("make a file", errno);
    // Held until the upload ends: tells a living one from one that a crash left. Where there are no
    // locks nothing is found to be left either.
    if (flock(file_.get(), LOCK_EX | LOCK_NB) != 0) return errno != EWOULDBLOCK;
    return status_of(file_.get()).st_nlink > 0;
  }

  FileDescriptor folder_;
  std::string name_;
  std::string temporary_;
  FileDescriptor file_;
  std::uint64_t written_ = 0;
  std::uint64_t started_ = 0;  // up to here written back
  bool committed_ = false;
};

// Whether the upload's process is gone.
bool is_stale(int folder, const std::string& name) {
  const FileDescriptor file(::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file) return false;
  const bool free = flock(file.get(), LOCK_EX | LOCK_NB) == 0;
  if (name.starts_with(kOwnUploadPrefix)) return free;
  return free && status_of(file.get()).st_mtim.tv_sec < std::time(nullptr) - kDay;
}

std::size_t remove_stale(int folder, const std::stop_token& stop) {
  std::size_t removed = 0;
  each_entry(folder, [&](const std::string& name) {
    if (stop.stop_requested()) return;
    if (name.starts_with(kUploadPrefix)) {
      if (is_stale(folder, name) && unlinkat(folder, name.c_str(), 0) == 0) ++removed;
      return;
    }
    const FileDescriptor inner(
        ::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (inner) removed += remove_stale(inner.get(), stop);
  });
  return removed;
}

}  // namespace

ArtifactKind LocalStore::kind(const std::string& path) {
  const FileDescriptor file = folder_.open(path, O_PATH, Folder::Links::Inside);
  if (!file) return ArtifactKind::Missing;
  return S_ISDIR(status_of(file.get()).st_mode) ? ArtifactKind::Directory : ArtifactKind::File;
}

std::unique_ptr<ArtifactFile> LocalStore::open(const std::string& path) {
  // A pipe must not block: it is no artifact.
  FileDescriptor file = folder_.open(path, O_RDONLY | O_NONBLOCK, Folder::Links::Inside);
  if (!file) return nullptr;
  const struct stat status = status_of(file.get());
  if (!S_ISREG(status.st_mode)) return nullptr;
  return std::make_unique<LocalFile>(std::move(file), status, folder_.path() + "/" + path);
}

std::unique_ptr<ArtifactUpload> LocalStore::upload(const std::string& path) {
  SplitPath parts = split(path);
  const bool leads_to_folder = kind(path) == ArtifactKind::Directory;
  if (has_long_name(parts.name)) throw_invalid_parameter("Invalid path: a name in it is too long");
  FileDescriptor folder = folder_.make(parts.folder);
  if (leads_to_folder && !is_link(folder.get(), parts.name))
    throw_invalid_parameter("Invalid path: '" + path + "' is a folder");
  return std::make_unique<LocalUpload>(std::move(folder), std::move(parts.name));
}

std::vector<ArtifactEntry> LocalStore::list(const std::string& path) {
  std::vector<ArtifactEntry> entries;
  const FileDescriptor folder = folder_.open(path, O_RDONLY | O_DIRECTORY, Folder::Links::Inside);
  if (!folder) return entries;
  each_entry(folder.get(), [&](const std::string& name) {
    if (name.starts_with(kUploadPrefix)) return;
    struct stat status {};
    if (fstatat(folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return;
    if (S_ISLNK(status.st_mode)) {
      try {
        const std::string inner = path.empty() ? name : path + "/" + name;
        const FileDescriptor target = folder_.open(inner, O_PATH, Folder::Links::Inside);
        if (!target) return;
        status = status_of(target.get());
      } catch (const Error&) {
        return;  // a link that leads out is nobody's artifact
      }
    }
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
  if (fsync(folder.get()) != 0) throw_file_error("write a folder to disk", errno);
}

std::size_t LocalStore::remove_stale_uploads(const std::stop_token& stop) {
  const FileDescriptor root = folder_.open("", O_RDONLY | O_DIRECTORY, Folder::Links::None);
  return root ? remove_stale(root.get(), stop) : 0;
}

}  // namespace millrace
