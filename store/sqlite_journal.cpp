#include "store/sqlite_journal.h"

#include <linux/magic.h>
#include <spdlog/spdlog.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <filesystem>

namespace millrace {
namespace {

// Those that linux/magic.h does not name.
constexpr long kZfs = 0x2fc12fc1;
constexpr long kBcachefs = 0xca451a4e;

constexpr std::array<long, 9> kLocalFileSystems{EXT4_SUPER_MAGIC,
                                                XFS_SUPER_MAGIC,
                                                BTRFS_SUPER_MAGIC,
                                                TMPFS_MAGIC,
                                                OVERLAYFS_SUPER_MAGIC,
                                                F2FS_SUPER_MAGIC,
                                                RAMFS_MAGIC,
                                                kZfs,
                                                kBcachefs};

std::string journal_mode(SqliteSession& session, const std::string& pragma) {
  return std::get<0>(*session.first<std::string>(pragma));
}

}  // namespace

bool on_local_file_system(const std::string& path) {
  struct statfs info {};
  if (statfs(std::filesystem::path(path).parent_path().c_str(), &info) != 0) return false;
  return std::find(kLocalFileSystems.begin(), kLocalFileSystems.end(),
                   static_cast<long>(info.f_type)) != kLocalFileSystems.end();
}

SqliteJournal::SqliteJournal(SqliteSession& session, const std::string& path)
    : session_(session), found_(journal_mode(session, "PRAGMA journal_mode")) {
  if (found_ == "wal") return;
  if (!on_local_file_system(path)) {
    spdlog::warn(
        "{} is not on a file system known to be local, so its journal mode stays '{}': reads wait "
        "for writes",
        path, found_);
    return;
  }
  try {
    switched_ = journal_mode(session, "PRAGMA journal_mode = WAL") == "wal";
  } catch (const Error&) {
  }
  if (!switched_) {
    spdlog::warn("{} is in use or cannot be written, so its journal mode stays '{}'", path, found_);
  }
}

SqliteJournal::~SqliteJournal() {
  try {
    session_.set_patience({});
    session_.first<std::int64_t>("PRAGMA wal_checkpoint(TRUNCATE)");
    if (switched_) journal_mode(session_, "PRAGMA journal_mode = " + found_);
  } catch (const Error&) {
    // Somebody else has the file open: it stays in WAL mode, and the last one to close it
    // checkpoints.
  }
}

}  // namespace millrace
