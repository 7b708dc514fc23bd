#include "api/backup/partial_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "store/common/error.h"

namespace millrace {
namespace {

[[noreturn]] void throw_there(const std::string& path) {
  throw Error(ErrorCode::InvalidState, path + " is there already; --force replaces it.");
}

std::string folder_of(const std::string& path) {
  return std::filesystem::absolute(path).parent_path().string();
}

}  // namespace

void throw_errno(const std::string& path, const char* what, int error) {
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  throw Error(full ? ErrorCode::InsufficientStorage : ErrorCode::InternalError,
              path + " " + what + ": " + std::generic_category().message(error) + ".");
}

void sync_folder_at(const std::string& path) {
  const FileDescriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || fsync(folder.get()) != 0) throw_errno(path, "cannot be written to disk", errno);
}

PartialFile::PartialFile(std::string path, bool replace)
    : path_(std::move(path)), temporary_(path_ + ".partial"), replace_(replace) {
  struct stat there {};
  if (::lstat(path_.c_str(), &there) == 0) {
    if (!S_ISREG(there.st_mode)) throw Error(ErrorCode::InvalidState, path_ + " is no plain file.");
    if (!replace_) throw_there(path_);
  }
  FileDescriptor file(
      ::open(temporary_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600));
  if (!file) throw_errno(temporary_, "cannot be written", errno);
  // One that a killed process left is not locked.
  struct stat opened {};
  struct stat named {};
  if (flock(file.get(), LOCK_EX | LOCK_NB) != 0 || ::fstat(file.get(), &opened) != 0 ||
      ::lstat(temporary_.c_str(), &named) != 0 || opened.st_ino != named.st_ino) {
    throw Error(ErrorCode::InvalidState, temporary_ + " is being written by another process.");
  }
  if (!S_ISREG(opened.st_mode)) {
    throw Error(ErrorCode::InvalidState, temporary_ + " is no plain file.");
  }
  if (ftruncate(file.get(), 0) != 0 || fchmod(file.get(), 0600) != 0) {
    throw_errno(temporary_, "cannot be written", errno);
  }
  file_ = std::move(file);
}

PartialFile::~PartialFile() {
  if (file_ && !committed_) ::unlink(temporary_.c_str());
}

void PartialFile::sync() const {
  if (fsync(file_.get()) != 0) throw_errno(temporary_, "cannot be written to disk", errno);
}

void PartialFile::commit() {
  if (replace_) {
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
      throw_errno(path_, "cannot be put in its place", errno);
    }
  } else {  // a name that came meanwhile stays
    if (::link(temporary_.c_str(), path_.c_str()) != 0) {
      if (errno == EEXIST) throw_there(path_);
      // A file system without hard links.
      if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
        throw_errno(path_, "cannot be put in its place", errno);
      }
    } else {
      ::unlink(temporary_.c_str());
    }
  }
  committed_ = true;
  sync_folder_at(folder_of(path_));
}

}  // namespace millrace
