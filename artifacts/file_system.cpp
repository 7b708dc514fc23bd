#include "artifacts/file_system.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <cctype>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace millrace {
namespace {

// ext2, ext3 and ext4 have one magic number, and ext4 may do without a journal.
bool ext4_has_journal(dev_t device) {
  const std::string number = std::to_string(major(device)) + ":" + std::to_string(minor(device));
  std::error_code error;
  const auto link = std::filesystem::read_symlink("/sys/dev/block/" + number, error);
  if (error) return false;
  std::ifstream task("/sys/fs/ext4/" + link.filename().string() + "/journal_task");
  return std::isdigit(task.get()) != 0;  // a process id, or <none>
}

}  // namespace

bool has_ordered_journal(int file) {
  struct statfs system {};
  if (fstatfs(file, &system) != 0) return false;
  if (system.f_type == XFS_SUPER_MAGIC) return true;
  struct stat status {};
  return system.f_type == EXT4_SUPER_MAGIC && fstat(file, &status) == 0 &&
         ext4_has_journal(status.st_dev);
}

}  // namespace millrace
