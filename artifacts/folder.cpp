#include "artifacts/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <system_error>
#include <vector>

#include "store/common/error.h"

namespace millrace {
namespace {

[[noreturn]] void refuse_outside() {
  throw_invalid_parameter("Invalid path: resolved path is outside the artifact directory");
}

[[noreturn]] void refuse_long_name() {
  throw_invalid_parameter("Invalid path: a name in it is too long");
}

bool is_absence(int error) { return error == ENOENT || error == ENOTDIR; }

int open_beneath(int folder, const std::string& path, int flags, Folder::Links links) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  if (links == Folder::Links::None) how.resolve |= RESOLVE_NO_SYMLINKS;
  const char* name = path.empty() ? "." : path.c_str();
  int file = -1;
  // EAGAIN: a rename somewhere, beside which the kernel cannot tell where a ".." of a link leads.
  for (int tries = 0; tries < kMostTries; ++tries) {
    file = static_cast<int>(syscall(SYS_openat2, folder, name, &how, sizeof how));
    if (file >= 0 || (errno != EAGAIN && errno != EINTR)) break;
  }
  return file;
}

FileDescriptor open_in(int folder, const std::string& path, int flags, Folder::Links links) {
  FileDescriptor file(open_beneath(folder, path, flags, links));
  if (file || is_absence(errno)) return file;
  switch (errno) {
    case ENAMETOOLONG:
      refuse_long_name();
    case EXDEV:
      refuse_outside();
    case ELOOP:
      if (links == Folder::Links::None)
        throw_invalid_parameter("Invalid path: there is a symbolic link in it");
      refuse_outside();
    default:
      throw_file_error("open a file", errno);
  }
}

FileDescriptor open_folder(int parent, const std::string& path, Folder::Links links) {
  return open_in(parent, path, O_RDONLY | O_DIRECTORY, links);
}

// Makes a folder of this machine, and what is missing above it, each on disk.
void make_root(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error) || path == path.parent_path()) return;
  make_root(path.parent_path());
  if (mkdir(path.c_str(), 0777) != 0 && errno != EEXIST) throw_file_error("make a folder", errno);
  const FileDescriptor parent(
      ::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent) throw_file_error("open a folder", errno);
  sync_folder(parent.get());
}

// Makes a folder in an open one, unless there is an entry of this name. False when either has been
// removed. `path`: for the message.
bool make_entry(int parent, const std::string& name, const std::string& path, Folder::Sync sync) {
  if (mkdirat(parent, name.c_str(), 0777) == 0) {
    if (sync == Folder::Sync::Now) sync_folder(parent);
    return true;
  }
  if (errno == ENAMETOOLONG) refuse_long_name();
  if (errno == ENOENT) return false;
  if (errno != EEXIST) throw_file_error("make a folder", errno);
  struct stat status {};
  if (!look_at_entry(parent, name, status)) return false;
  if (!S_ISDIR(status.st_mode))
    throw_invalid_parameter("Invalid path: '" + path + "' is not a folder");
  return true;
}

// The paths from the first folder on the way to the last; "" has none.
std::vector<std::string> steps_of(const std::string& path) {
  std::vector<std::string> steps;
  for (std::size_t end = path.find('/'); end < path.size(); end = path.find('/', end + 1))
    steps.push_back(path.substr(0, end));
  if (!path.empty()) steps.push_back(path);
  return steps;
}

// Makes what is missing on the way from an open folder; nothing when part of it has been removed.
FileDescriptor make_way(int top, const std::string& path, Folder::Links links, Folder::Sync sync) {
  if (FileDescriptor folder = open_folder(top, path, links)) return folder;
  FileDescriptor current = open_folder(top, "", links);
  for (const std::string& step : steps_of(path)) {
    if (!current) break;
    FileDescriptor next = open_folder(top, step, links);
    if (!next && make_entry(current.get(), step.substr(step.rfind('/') + 1), step, sync))
      next = open_folder(top, step, links);
    current = std::move(next);
  }
  return current;
}

// `tries`: how often a folder into which something has come meanwhile may be emptied again.
void remove_tree(int folder, const std::string& name, int& tries) {
  for (;; --tries) {
    if (unlinkat(folder, name.c_str(), 0) == 0 || errno == ENOENT) return;
    if (errno != EISDIR) throw_file_error("remove a file", errno);
    const FileDescriptor inner(
        ::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!inner && !is_absence(errno)) throw_file_error("remove a folder", errno);
    std::vector<std::string> names;
    if (inner) each_entry(inner.get(), [&](const std::string& found) { names.push_back(found); });
    for (const std::string& found : names) remove_tree(inner.get(), found, tries);
    if (unlinkat(folder, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return;
    const bool has_changed = errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR;
    if (!has_changed || tries <= 0) throw_file_error("remove a folder", errno);
  }
}

}  // namespace

void throw_file_error(std::string_view what, int error) {
  const std::string text = "The artifact store could not " + std::string(what) + ": " +
                           std::generic_category().message(error) + ".";
  const bool full = error == ENOSPC || error == EDQUOT;
  throw Error(full ? ErrorCode::InsufficientStorage : ErrorCode::InternalError, text);
}

void sync_folder(int folder) {
  if (fsync(folder) != 0) throw_file_error("write a folder to disk", errno);
}

std::string Folder::path() const {
  if (below_.empty()) return root_;
  return root_ + (root_.ends_with('/') ? "" : "/") + below_;
}

FileDescriptor Folder::top() const {
  FileDescriptor root(::open(root_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root && !is_absence(errno)) throw_file_error("open its folder", errno);
  if (!root || below_.empty()) return root;
  return open_in(root.get(), below_, O_PATH | O_DIRECTORY, Links::None);
}

FileDescriptor Folder::open(const std::string& path, int flags, Links links) const {
  const FileDescriptor top = this->top();
  return top ? open_in(top.get(), path, flags, links) : FileDescriptor();
}

FileDescriptor Folder::make(const std::string& path, Sync sync) const {
  if (FileDescriptor folder = open(path, O_RDONLY | O_DIRECTORY, Links::Inside)) return folder;
  make_root(root_);
  const FileDescriptor root(::open(root_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) throw_file_error("open its folder", errno);
  const FileDescriptor top = make_way(root.get(), below_, Links::None, sync);
  return top ? make_way(top.get(), path, Links::Inside, sync) : FileDescriptor();
}

void Folder::sync(const std::string& path) const {
  const std::string whole = below_.empty() || path.empty() ? below_ + path : below_ + "/" + path;
  const Folder root(root_);
  std::vector<std::string> folders = steps_of(whole);
  folders.emplace_back();
  for (const std::string& path_of_one : folders) {
    const FileDescriptor folder = root.open(path_of_one, O_RDONLY | O_DIRECTORY, Links::Inside);
    if (folder) sync_folder(folder.get());  // else it has been removed again
  }
}

void each_entry(int folder, const std::function<void(const std::string&)>& entry) {
  FileDescriptor own(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(own ? fdopendir(own.get()) : nullptr, closedir);
  if (stream == nullptr) throw_file_error("list a folder", errno);
  own.release();  // the stream's now
  while (true) {
    errno = 0;
    const dirent* found = readdir(stream.get());
    if (found == nullptr && errno != 0) throw_file_error("list a folder", errno);
    if (found == nullptr) return;
    const std::string name = found->d_name;
    if (name != "." && name != "..") entry(name);
  }
}

bool look_at_entry(int folder, const std::string& name, struct stat& status) {
  if (fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) return true;
  if (!is_absence(errno)) throw_file_error("look at a file", errno);
  return false;
}

void remove_tree(int folder, const std::string& name) {
  int tries = kMostTries;
  remove_tree(folder, name, tries);
}

}  // namespace millrace
