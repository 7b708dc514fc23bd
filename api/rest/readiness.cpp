#include "api/rest/readiness.h"

#include <spdlog/spdlog.h>

#include <filesystem>
#include <utility>

#include "api/http/spill.h"
#include "artifacts/writable.h"
#include "store/common/error.h"
#include "store/db/sqlite/uri.h"
#include "store/schema/current_revision.h"
#include "store/schema/own_tables.h"
#include "store/text/log_text.h"

namespace millrace {
namespace {

// How long a check waits for a database.
constexpr std::chrono::seconds kDatabaseTime{1};
// How long the look whether anything can be written waits for locks.
constexpr std::chrono::milliseconds kWritePatience{500};

WorkOrder order() { return {.deadline = std::chrono::steady_clock::now() + kDatabaseTime}; }

// One of a database that is only read, by another Millrace or an MLflow, may lack our tables.
CurrentVersions versions_in(Db& db) {
  if (db.refuses_writes()) return {db.read(order(), current_revision), std::nullopt};
  return db.read(order(), current_versions);
}

std::string schema_problem(Db& db, const std::string& expected_revision) {
  CurrentVersions found;
  try {
    found = versions_in(db);
  } catch (const Error& error) {
    if (db.refuses_writes() || error.code() != ErrorCode::InternalError) throw;
    db.read(order(), current_revision);  // if that is there, it is our own tables that are not
    return "has lost Millrace's own tables; start this server again";
  }
  if (found.revision != expected_revision) {
    return "has another schema version than at the start of this server";
  }
  return found.own ? too_old_for(*found.own) : "";
}

// Asks by writing only after a write has failed, and until one succeeds.
std::string write_problem(Db& db) {
  if (!db.has_failed_to_write() || db.refuses_writes()) return "";
  try {
    db.try_write(kWritePatience, touch_own_schema);
    return "";
  } catch (const Error& error) {
    spdlog::debug("Readiness: no write succeeds: {}", log_text(error.what()));
    const bool busy = error.code() == ErrorCode::TemporarilyUnavailable;
    return db.dialect() == Dialect::Sqlite && busy ? "is locked by another program"
                                                   : "cannot be written";
  }
}

ReadinessCheck database_check(std::string_view name, Db& db) {
  return {name,
          [&db, expected = db.read(current_revision)] {
            std::string problem = schema_problem(db, expected);
            return problem.empty() ? write_problem(db) : problem;
          },
          [&db] { return db.is_lost(); }};
}

std::string temporary_files_problem() {
  try {
    try_temporary_file();
    return "";
  } catch (const Error& error) {
    spdlog::debug("Readiness: {}", log_text(error.message()));
    return "cannot be written";
  }
}

ReadinessCheck room_check(std::string_view name, std::string folder) {
  return {name, [folder = std::move(folder)] {
            return has_room(folder, kLeastRoom) ? std::string() : "is less than 8 MiB";
          }};
}

// Where a database has a file here.
void add_room_of_database(std::vector<ReadinessCheck>& checks, std::string_view name, Db& db) {
  if (db.dialect() != Dialect::Sqlite || is_sqlite_memory(db.uri())) return;
  checks.push_back(
      room_check(name, std::filesystem::path(sqlite_location(db.uri())).parent_path()));
}

}  // namespace

std::vector<ReadinessCheck> readiness_checks(Db& tracking, Db* registry,
                                             const ArtifactRoots& artifacts) {
  std::vector<ReadinessCheck> checks;
  const auto& folder = artifacts.folder_of_new();
  if (folder) {
    checks.push_back({"artifacts", [folder] {
                        return why_not_writable(*folder) == 0 ? "" : "cannot be written";
                      }});
  }
  checks.push_back(database_check("database", tracking));
  if (registry != nullptr) checks.push_back(database_check("registry database", *registry));
  checks.push_back({"temporary files", temporary_files_problem});
  add_room_of_database(checks, "room for the database", tracking);
  if (registry != nullptr)
    add_room_of_database(checks, "room for the registry database", *registry);
  if (folder) checks.push_back(room_check("room for artifacts", *folder));
  checks.push_back(room_check("room for temporary files", temporary_folder()));
  return checks;
}

Readiness::Readiness(std::vector<ReadinessCheck> checks, Timing timing)
    : checks_(std::move(checks)), timing_(timing), thread_([this] { run(); }) {}

Readiness::~Readiness() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  asked_.notify_one();
  thread_.join();
}

std::string_view Readiness::lost() const {
  for (const ReadinessCheck& check : checks_) {
    if (check.is_lost && check.is_lost()) return check.name;
  }
  return {};
}

Readiness::Result Readiness::result() {
  std::unique_lock lock(mutex_);
  const Clock::time_point now = Clock::now();
  const bool has_result = runs_ > 0;
  asked_at_ = now;
  if (!running_) {
    if (has_result && now - finished_ < timing_.fresh) return last_;
    running_ = true;
    started_ = now;
    asked_.notify_one();
  }
  if (has_result && now - finished_ < timing_.usable) return last_;
  const auto ended = [this, before = runs_] { return runs_ != before; };
  if (done_.wait_until(lock, started_ + timing_.limit, ended)) return last_;
  const Result late{current_, "gives no answer"};
  log_change(late);
  return late;
}

void Readiness::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wait_for_next_run(lock);
    if (stopping_) return;
    lock.unlock();
    Result result = run_checks();
    lock.lock();
    log_change(result);
    last_ = std::move(result);
    finished_ = Clock::now();
    running_ = false;
    ++runs_;
    done_.notify_all();
  }
}

void Readiness::wait_for_next_run(std::unique_lock<std::mutex>& lock) {
  const auto called = [this] { return running_ || stopping_; };
  if (runs_ > 0 && asked_at_ + timing_.kept > Clock::now() &&
      !asked_.wait_for(lock, timing_.fresh, called)) {
    running_ = true;
    started_ = Clock::now();
  }
  asked_.wait(lock, called);
}

Readiness::Result Readiness::run_checks() {
  for (const ReadinessCheck& check : checks_) {
    {
      const std::lock_guard lock(mutex_);
      current_ = check.name;
    }
    if (check.is_lost && check.is_lost()) {
      return {check.name, "was removed or replaced; start this server again"};
    }
    try {
      std::string problem = check.problem();
      if (!problem.empty()) return {check.name, std::move(problem)};
    } catch (const Cancelled&) {
      return {check.name, "gives no answer"};
    } catch (const std::exception& error) {
      spdlog::debug("Readiness: {}: {}", check.name, log_text(error.what()));
      return {check.name, "failed"};
    }
  }
  return {};
}

// Called with the lock held.
void Readiness::log_change(const Result& result) {
  std::string text =
      result.ready() ? std::string() : std::string(result.name) + " " + result.problem;
  if (text == logged_) return;
  if (result.ready()) {
    spdlog::info("Ready again");
  } else {
    spdlog::warn("Not ready: {}", text);
  }
  logged_ = std::move(text);
}

}  // namespace millrace
