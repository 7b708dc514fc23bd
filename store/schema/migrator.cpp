#include "store/schema/migrator.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>

#include "store/schema/own_tables.h"

namespace millrace {
namespace {

const std::vector<std::string>& definitions_for(Dialect dialect, const Definitions& definitions) {
  if (dialect == Dialect::Mysql) return definitions.mysql;
  return dialect == Dialect::Postgresql ? definitions.postgresql : definitions.sqlite;
}

}  // namespace

const MigrationWay& Migrator::way() const {
  return progress_->backward ? *migration_.back : migration_.forward;
}

const Change& Migrator::change_at(int step, bool backward) const {
  const MigrationStep& one = migration_.steps.at(static_cast<std::size_t>(step));
  return backward ? *one.back : one.forward;
}

// Behind the last step the tables are as after it.
MigrationNotice Migrator::notice(const MigrationProgress& where) const {
  MigrationNotice result;
  result.command = (where.backward ? *migration_.back : migration_.forward).command;
  if (migration_.steps.empty()) return result;
  const Change& change = change_at(std::clamp(where.step, 0, size() - 1), where.backward);
  const auto* batches = std::get_if<Batches>(&change);
  result.beside_servers = batches != nullptr && batches->beside_servers;
  return result;
}

MigrationProgress Migrator::at(int step, std::string position) const {
  return {progress_->backward, step, std::move(position), false};
}

MigrationProgress Migrator::behind_step() const {
  return at(progress_->step + (progress_->backward ? -1 : 1));
}

bool Migrator::run(Direction direction) {
  const bool backward = direction == Direction::Back;
  if (backward) require_way_back();
  db_.lock();
  db_.define(own_table_definition(kMigrationTable));
  progress_ = load_progress(db_, migration_.name);
  const MigrationWay& wanted = backward ? *migration_.back : migration_.forward;
  if ((!progress_ || progress_->finished) && wanted.is_done(db_)) return false;
  start(backward);
  try {
    while (is_at_step()) run_step();
    finish();
  } catch (const Error& error) {
    fail(error);
  }
  return true;
}

void Migrator::require_way_back() const {
  const auto blocking = std::find_if(migration_.steps.begin(), migration_.steps.end(),
                                     [](const MigrationStep& step) { return !step.back; });
  if (migration_.back && blocking == migration_.steps.end()) return;
  std::string message = "The migration " + migration_.name + " cannot be taken back";
  if (blocking != migration_.steps.end()) message += ": " + blocking->name + " is for good";
  throw Error(ErrorCode::InvalidState, message + ". Restore a backup.");
}

// Sets the row on the first step that is to be done, if it is not on one already.
void Migrator::start(bool backward) {
  if (progress_ && !progress_->finished && progress_->backward == backward) {
    spdlog::info("The migration {} goes on where it was interrupted", migration_.name);
    return;
  }
  MigrationProgress first{.backward = backward, .step = backward ? size() - 1 : 0};
  if (progress_ && !progress_->finished) {
    first.step = turned_step();
    spdlog::info("The migration {} turns round", migration_.name);
  }
  save(first);
}

// The step at which it turns round: the one under way if that has begun, else the one before it.
// MySQL may have run the first definition of a step without a word in the row.
int Migrator::turned_step() const {
  const bool may_have_begun =
      is_at_step() &&
      (!progress_->position.empty() ||
       (db_.dialect() == Dialect::Mysql &&
        std::holds_alternative<Definitions>(change_at(progress_->step, progress_->backward))));
  if (may_have_begun) return progress_->step;
  return progress_->step + (progress_->backward ? 1 : -1);
}

void Migrator::save(const MigrationProgress& now) {
  save_progress(db_, migration_.name, progress_, now, notice(now));
  progress_ = now;
}

// An attempt that was undone has not moved the row.
void Migrator::transact(ForeignKeys keys, const std::function<void()>& body) {
  const MigrationProgress before = *progress_;
  try {
    db_.transact(keys, [&] {
      progress_ = before;
      body();
    });
  } catch (...) {
    progress_ = before;
    throw;
  }
}

void Migrator::report() const {
  if (!listener_) return;
  const int done = progress_->backward ? size() - 1 - progress_->step : progress_->step;
  listener_({migration_.steps.at(static_cast<std::size_t>(progress_->step)).name, done + 1, size(),
             progress_->position});
}

void Migrator::run_step() {
  const Change& change = change_at(progress_->step, progress_->backward);
  spdlog::info("Migration {}, {}step {} of {}: {}", migration_.name,
               progress_->backward ? "back, " : "", progress_->step + 1, size(),
               migration_.steps.at(static_cast<std::size_t>(progress_->step)).name);
  report();
  if (const auto* batches = std::get_if<Batches>(&change)) {
    run_batches(*batches);
  } else {
    run_definitions(std::get<Definitions>(change));
  }
}

void Migrator::run_definitions(const Definitions& definitions) {
  const std::vector<std::string>& statements = definitions_for(db_.dialect(), definitions);
  if (db_.dialect() == Dialect::Mysql) return define_one_by_one(statements);
  transact(ForeignKeys::CheckedAtEnd, [&] {
    for (const std::string& statement : statements) db_.define(statement);
    save(behind_step());
  });
}

void Migrator::define_one_by_one(const std::vector<std::string>& definitions) {
  const int step = progress_->step;
  for (auto i = static_cast<std::size_t>(std::atoll(progress_->position.c_str()));
       i < definitions.size(); ++i) {
    db_.lock();  // on a cluster another process may have it by now, and have gone on
    if (load_progress(db_, migration_.name) != progress_) {
      throw Error(ErrorCode::InvalidState, "Another process has gone on with it meanwhile.");
    }
    db_.define(definitions[i]);
    if (i + 1 < definitions.size()) save(at(step, std::to_string(i + 1)));
  }
  save(behind_step());
}

void Migrator::run_batches(const Batches& batches) {
  const int step = progress_->step;
  while (progress_->step == step) {
    transact(ForeignKeys::Enforced, [&] {
      const std::string from = progress_->position;
      const std::optional<std::string> next = batches.next(db_, from);
      if (next == from) {
        throw Error(ErrorCode::InternalError, "It does not get past '" + from + "'.");
      }
      save(next ? at(step, *next) : behind_step());
    });
    if (progress_->step == step) report();
  }
}

void Migrator::finish() {
  const std::string fault = way().verify ? way().verify(db_) : "";
  if (!fault.empty()) {
    throw Error(
        ErrorCode::InvalidState,
        "The database is not as it should be now, so its version was not changed: " + fault + ".");
  }
  transact(ForeignKeys::Enforced, [&] {
    db_.change(way().version, {});
    MigrationProgress end = *progress_;
    end.finished = true;
    save(end);
  });
  spdlog::info("The migration {} is {}", migration_.name,
               progress_->backward ? "taken back" : "done");
}

void Migrator::fail(const Error& error) const {
  std::string where = "The migration " + migration_.name + " stopped";
  if (is_at_step()) {
    where += " at step " + std::to_string(progress_->step + 1) + " of " + std::to_string(size()) +
             " (" + migration_.steps.at(static_cast<std::size_t>(progress_->step)).name + ")";
  }
  const char* end = error.message().ends_with('.') ? "" : ".";
  throw Error(error.code(), where + ". " + error.message() + end +
                                " What was done before is kept; once the cause is gone, '" +
                                way().command + "' goes on from there.");
}

}  // namespace millrace
