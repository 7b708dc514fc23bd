#include "artifacts/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

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

int open_beneath(int folder, const std::string& path, int flags, std::uint64_t resolve) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.resolve = resolve;
  const char* name = path.empty() ? "." : path.c_str();
  return static_cast<int>(syscall(SYS_openat2, folder, name, &how, sizeof how));
}

void sync_folder(int folder) {
  if (fsync(folder) != 0) throw_file_error("write a folder to disk", errno);
}

// Makes a folder of this machine, and what is missing above it, each on disk.
void make_folder(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error) || path == path.parent_path()) return;
  make_folder(path.parent_path());
  if (mkdir(path.c_str(), 0777) != 0 && errno != EEXIST) throw_file_error("make a folder", errno);
  const FileDescriptor parent(
      ::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent) throw_file_error("open a folder", errno);
  sync_folder(parent.get());
}

}  // namespace

void throw_file_error(std::string_view what, int error) {
  const std::string text = "The artifact store could not " + std::string(what) + ": " +
                           std::generic_category().message(error) + ".";
  const bool full = error == ENOSPC || error == EDQUOT;
  throw Error(full ? ErrorCode::InsufficientStorage : ErrorCode::InternalError, text);
}

FileDescriptor Folder::root(bool create) const {
  if (create) make_folder(path_);
  return FileDescriptor(::open(path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

FileDescriptor Folder::open(const std::string& path, int flags, Links links) const {
  const FileDescriptor root = this->root(false);
  if (!root) return {};
  const std::uint64_t resolve =
      RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | (links == Links::None ? RESOLVE_NO_SYMLINKS : 0);
  FileDescriptor file(open_beneath(root.get(), path, flags, resolve));
  if (file) return file;
  switch (errno) {
    case ENOENT:
    case ENOTDIR:
      return {};
    case ENAMETOOLONG:
      throw_invalid_parameter("Invalid path: a name in it is too long");
    case EXDEV:
      refuse_outside();
    case ELOOP:
      if (links == Links::None)
        throw_invalid_parameter("Invalid path: there is a symbolic link in it");
      refuse_outside();
    default:
      throw_file_error("open a file", errno);
  }
}

FileDescriptor Folder::make(const std::string& path) const {
  FileDescriptor folder = open(path, O_RDONLY | O_DIRECTORY, Links::Inside);
  if (folder) return folder;
  FileDescriptor parent = root(true);
  if (!parent) throw_file_error("open its folder", errno);
  FileDescriptor current(::openat(parent.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::string so_far;
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string name = path.substr(begin, end - begin);
    so_far += (so_far.empty() ? "" : "/") + name;
    begin = end + 1;
    FileDescriptor next = open(so_far, O_RDONLY | O_DIRECTORY, Links::Inside);
    if (!next) {
      if (mkdirat(current.get(), name.c_str(), 0777) == 0) {
        sync_folder(current.get());
      } else if (errno == ENAMETOOLONG) {
        throw_invalid_parameter("Invalid path: a name in it is too long");
      } else if (errno != EEXIST) {
        throw_file_error("make a folder", errno);
      }
      next = open(so_far, O_RDONLY | O_DIRECTORY, Links::Inside);
      if (!next) throw_invalid_parameter("Invalid path: '" + so_far + "' is not a folder");
    }
    current = std::move(next);
  }
  return current;
}

void each_entry(int folder, const std::function<void(const std::string&)>& entry) {
  const int own = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(own < 0 ? nullptr : fdopendir(own), closedir);
  if (stream == nullptr) throw_file_error("list a folder", errno);
  while (const dirent* found = readdir(stream.get())) {
    const std::string name = found->d_name;
    if (name != "." && name != "..") entry(name);
  }
}

void remove_tree(int folder, const std::string& name) {
  if (unlinkat(folder, name.c_str(), 0) == 0 || errno == ENOENT) return;
  if (errno != EISDIR && errno != EPERM) throw_file_error("remove a file", errno);
  const FileDescriptor inner(
      ::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!inner) throw_file_error("remove a folder", errno);
  std::vector<std::string> names;
  each_entry(inner.get(), [&](const std::string& found) { names.push_back(found); });
  for (const std::string& found : names) remove_tree(inner.get(), found);
  if (unlinkat(folder, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT)
    throw_file_error("remove a folder", errno);
}

}  // namespace millrace
