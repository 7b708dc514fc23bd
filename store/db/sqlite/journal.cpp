#include "store/db/sqlite/journal.h"

#include <linux/magic.h>
#include <spdlog/spdlog.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <thread>

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

// How long the switch waits for others who use the file; SQLite itself does not wait here.
constexpr std::chrono::milliseconds kSwitchPatience{1000};

std::string journal_mode(SqliteSession& session, const std::string& pragma) {
  return std::get<0>(*session.first<std::string>(pragma));
}

bool switch_to_wal(SqliteSession& session) {
  const auto give_up = std::chrono::steady_clock::now() + kSwitchPatience;
  while (true) {
    try {
      return journal_mode(session, "PRAGMA journal_mode = WAL") == "wal";
    } catch (const Error& error) {
      if (error.code() != ErrorCode::TemporarilyUnavailable) return false;
      if (std::chrono::steady_clock::now() >= give_up) return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace

bool on_local_file_system(const std::string& path) {
  std::error_code ignored;  // then statfs fails too
  const auto folder = std::filesystem::weakly_canonical(path, ignored).parent_path();
  struct statfs info {};
  if (statfs(folder.c_str(), &info) != 0) return false;
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
  switched_ = switch_to_wal(session);
  if (!switched_) {
    spdlog::warn("{} is in use or cannot be written, so its journal mode stays '{}'", path, found_);
  }
}

SqliteJournal::~SqliteJournal() {
  if (left_) return;
  try {
    session_.set_patience({});
    session_.each<std::int64_t, std::int64_t, std::int64_t>(
        "PRAGMA wal_checkpoint(TRUNCATE)", {}, [](std::int64_t, std::int64_t, std::int64_t) {});
    if (switched_) journal_mode(session_, "PRAGMA journal_mode = " + found_);
  } catch (const Error& error) {
    // While somebody else has the file open it stays in WAL mode; the last to close checkpoints.
    spdlog::info("the database stays in WAL mode: {}", error.what());
  }
}

}  // namespace millrace
