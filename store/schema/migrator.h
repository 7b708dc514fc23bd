// Works through a migration, once, whatever interrupts it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/schema/migration.h"
#include "store/schema/migration_progress.h"

namespace millrace {

enum class Direction { Forward, Back };

// For a terminal: at the begin of each step and after each of its batches.
struct MigrationReport {
  std::string_view step;
  int number = 0;  // from 1, in the order of the steps' work
  int steps = 0;
  std::string_view position;  // of batches; empty at the begin
};
using MigrationListener = std::function<void(const MigrationReport&)>;

// A row of the table millrace_migration (own_tables.h) says how far it has come; it moves in the
// transaction of what it tells, but on MySQL, where it moves behind each definition, so that the
// last one may run twice. So a run that ends at any point, by SIGKILL too, is continued by the next
// one, and the end is the same. Until then the start of a server refuses the database (prepare.h),
// unless the step under way may be half done beside servers.
class Migrator {
 public:
  // Both outlive this.
  Migrator(Administration& db, const Migration& migration, MigrationListener listener = {})
      : db_(db), migration_(migration), listener_(std::move(listener)) {}

  // Locks the database (Administration::lock), does what is left to do, has it verified, and moves
  // the version table. Returns false, having done nothing, when the database is at the end already;
  // so of several processes one works and the others wait. A run in the other direction than the
  // one that was interrupted turns it round, from the step where it is.
  //
  // Throws Error for the administrator: what a step or the database says, which step it was and
  // how to go on; all that came before the failure is kept. INVALID_STATE when it cannot go back,
  // or when the end is not as it should be: then the version stays where it is.
  bool run(Direction direction);

 private:
  int size() const { return static_cast<int>(migration_.steps.size()); }
  bool is_at_step() const { return progress_->step >= 0 && progress_->step < size(); }
  const MigrationWay& way() const;
  const Change& change_at(int step, bool backward) const;
  MigrationNotice notice(const MigrationProgress& where) const;
  MigrationProgress at(int step, std::string position = {}) const;
  MigrationProgress behind_step() const;
  int turned_step() const;

  void require_way_back() const;
  void start(bool backward);
  void save(const MigrationProgress& now);
  void transact(ForeignKeys keys, const std::function<void()>& body);
  void report() const;
  void run_step();
  void run_definitions(const Definitions& definitions);
  void define_one_by_one(const std::vector<std::string>& definitions);
  void run_batches(const Batches& batches);
  void finish();
  [[noreturn]] void fail(const Error& error) const;

  Administration& db_;
  const Migration& migration_;
  const MigrationListener listener_;
  std::optional<MigrationProgress> progress_;  // as the row has it
};

}  // namespace millrace
