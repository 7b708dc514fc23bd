#include <filesystem>

#include "store/check/dialects.h"

namespace millrace {
namespace {

constexpr std::uintmax_t kMiB = 1024 * 1024;

std::string pragma(Db& db, const std::string& name) {
  return db.read([&name](Session& session) {
    const auto row = session.first<std::string>("PRAGMA " + name);
    return row ? std::get<0>(*row) : std::string();
  });
}

}  // namespace

void check_sqlite(const std::string& path, Db& db, Findings& findings) {
  const std::string version = db.read([](Session& session) {
    return std::get<0>(session.first<std::string>("SELECT sqlite_version()").value());
  });
  findings.fact("version", "SQLite " + version);
  findings.fact("file",
                path + ", " + std::to_string(std::filesystem::file_size(path) / kMiB) + " MiB");
  const std::string mode = pragma(db, "journal_mode");
  if (mode == "wal") {
    findings.fact("journal", "WAL while a server runs");
  } else {
    findings.advice("journal", "mode '" + mode +
                                   "', in which readers wait for writers: use a local file system");
  }
  const std::string damage = pragma(db, "quick_check(1)");
  if (damage == "ok") {
    findings.fact("integrity", "no damage found");
  } else {
    findings.problem("integrity", damage + "; restore a backup");
  }
  std::error_code error;
  const auto space = std::filesystem::space(path, error);
  if (!error && space.available < 1024 * kMiB) {
    findings.advice("disk", "only " + std::to_string(space.available / kMiB) + " MiB are free");
  }
  findings.fact("durability", "every change is synced to the disk before it is answered");
}

}  // namespace millrace
