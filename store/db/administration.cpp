#include "store/db/administration.h"

#include <chrono>
#include <filesystem>
#include <thread>

#include "store/db/server/driver.h"
#include "store/db/sqlite/administration.h"
#include "store/db/sqlite/uri.h"

namespace millrace {
namespace {

constexpr int kTransactions = 5;
constexpr std::chrono::milliseconds kAfterConflict{20};  // more after each attempt

}  // namespace

void Administration::transact(ForeignKeys keys, const std::function<void()>& body) {
  for (int attempt = 1;; ++attempt) {
    begin(keys);
    try {
      body();
      return commit();
    } catch (const Error& error) {
      roll_back();
      const bool conflict = error.code() == ErrorCode::TemporarilyUnavailable;
      if (!conflict || attempt == kTransactions) throw;
    } catch (...) {
      roll_back();
      throw;
    }
    std::this_thread::sleep_for(attempt * kAfterConflict);
  }
}

std::unique_ptr<Administration> open_administration(const DatabaseUri& uri) {
  if (uri.dialect != Dialect::Sqlite) return open_server_driver(uri)->administration();
  const std::string path = sqlite_location(uri.database);
  if (!std::filesystem::exists(path)) {
    throw Error(ErrorCode::InvalidState, "There is no database " + path + ".");
  }
  return std::make_unique<SqliteAdministration>(path);
}

}  // namespace millrace
