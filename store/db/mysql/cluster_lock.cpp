#include "store/db/mysql/cluster_lock.h"

#include <spdlog/spdlog.h>

#include <exception>
#include <thread>

#include "store/db/mysql/administration.h"
#include "store/db/schema_lock.h"

namespace millrace {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::minutes kPatience{10};
constexpr std::chrono::seconds kBetweenCounts{1};
constexpr std::chrono::milliseconds kBetweenLooks{50};
// Without a count between them the holder is dead. Looks and not seconds: while a definition of the
// holder runs, be it for minutes, a look waits for it.
constexpr int kSilentLooks = 200;

}  // namespace

ClusterLock::ClusterLock(MysqlAdministration& administration)
    : administration_(administration),
      name_(administration.query("SELECT UUID()").at(0).at(0).value()) {
  administration_.execute("SET SESSION wsrep_sync_wait = 1");  // a look sees all that came before
  administration_.execute(
      "CREATE TABLE IF NOT EXISTS millrace_schema_lock"
      " (id INTEGER PRIMARY KEY, holder VARCHAR(36) NOT NULL, beats BIGINT NOT NULL)");
  administration_.execute("INSERT IGNORE INTO millrace_schema_lock VALUES (1, '', 0)");
  wait();
}

ClusterLock::~ClusterLock() {
  try {
    administration_.execute(
        "UPDATE millrace_schema_lock SET holder = '' WHERE id = 1 AND holder = '" + name_ + "'");
  } catch (const std::exception& error) {  // no loss: the others wait for a few seconds more
    spdlog::debug("The lock of the schema was not given up: {}", error.what());
  }
}

void ClusterLock::hold() {
  if (Clock::now() - counted_ < kBetweenCounts) return;
  const Row row = look();
  if (row.holder != name_ || !take(row)) wait();
}

ClusterLock::Row ClusterLock::look() {
  const auto rows =
      administration_.query("SELECT holder, beats FROM millrace_schema_lock WHERE id = 1");
  if (rows.empty()) {
    throw Error(ErrorCode::InvalidState,
                "The table millrace_schema_lock has lost its row; drop the table.");
  }
  return {rows.front().at(0).value(), rows.front().at(1).value()};
}

bool ClusterLock::take(const Row& seen) {
  administration_.execute("UPDATE millrace_schema_lock SET holder = '" + name_ +
                          "', beats = beats + 1 WHERE id = 1 AND holder = '" + seen.holder +
                          "' AND beats = " + seen.beats);
  counted_ = Clock::now();
  return look().holder == name_;
}

void ClusterLock::wait() {
  const Clock::time_point began = Clock::now();
  Row seen = look();
  if (seen.holder.empty() && take(seen)) return;
  spdlog::info("Waiting for a process on another node, which is setting up the database");
  for (int silent = 0;; ++silent) {
    if ((seen.holder.empty() || silent >= kSilentLooks) && take(seen)) return;
    if (Clock::now() - began >= kPatience) throw_schema_lock_kept("A process on another node");
    std::this_thread::sleep_for(kBetweenLooks);
    try {
      if (Row now = look(); now != seen) {
        seen = std::move(now);
        silent = 0;
      }
    } catch (const Error& error) {
      // The node gives up to wait for a definition.
      if (error.code() != ErrorCode::TemporarilyUnavailable) throw;
      silent = 0;
    }
  }
}

}  // namespace millrace
