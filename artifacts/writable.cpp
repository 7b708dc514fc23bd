#include "artifacts/writable.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace millrace {

std::string nearest_folder(std::string folder) {
  while (::access(folder.c_str(), F_OK) != 0 && errno == ENOENT && folder.size() > 1) {
    const std::size_t slash = folder.rfind('/');
    if (slash == std::string::npos) return ".";
    folder.erase(std::max<std::size_t>(slash, 1));
  }
  return folder;
}

int why_not_writable(const std::string& folder) {
  const std::string nearest = nearest_folder(folder);
  struct stat found {};
  if (::stat(nearest.c_str(), &found) != 0) return errno;
  if (!S_ISDIR(found.st_mode)) return ENOTDIR;
  return ::faccessat(AT_FDCWD, nearest.c_str(), W_OK | X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

bool has_room(const std::string& folder, std::uint64_t bytes) {
  struct statvfs disk {};
  if (::statvfs(nearest_folder(folder).c_str(), &disk) != 0 || disk.f_blocks == 0) return true;
  const bool counts_files = disk.f_files > 0;  // not all file systems have a bound
  return std::uint64_t{disk.f_bavail} * disk.f_frsize >= bytes &&
         !(counts_files && disk.f_favail == 0);
}

}  // namespace millrace
