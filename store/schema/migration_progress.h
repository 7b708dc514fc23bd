// How far a migration has come: its row in the table millrace_migration.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "store/db/administration.h"
#include "store/db/database.h"

namespace millrace {

inline constexpr const char* kMigrationTable = "millrace_migration";

struct MigrationProgress {
  bool backward = false;
  // The step that is under way or comes next, from 0. Their number, or -1 when going back: all are
  // done, and what is left is to verify and to move the version table.
  int step = 0;
  // Where it is in that step, if it has begun: of batches their own; of definitions, on MySQL, how
  // many are done.
  std::string position = {};
  bool finished = false;

  bool operator==(const MigrationProgress&) const = default;
};

std::optional<MigrationProgress> load_progress(Administration& db, const std::string& migration);

// What a program that does not know the migration must know of it while it is half done.
struct MigrationNotice {
  std::string command;  // that continues it; the database's URI follows
  bool beside_servers = false;
};

// Moves the row on from `before`, or makes it. Throws INVALID_STATE when somebody else has.
void save_progress(Administration& db, const std::string& migration,
                   const std::optional<MigrationProgress>& before, const MigrationProgress& now,
                   const MigrationNotice& notice);

// ---- For whoever opens the database ----

struct UnfinishedMigration {
  std::string name;
  MigrationNotice notice;
};

// One that is half done, those first beside which no server may work. Throws where there is no such
// table.
std::optional<UnfinishedMigration> unfinished_migration(Session& session);

// Half a sentence without a full stop: that it is half done, and the whole command.
std::string describe(const UnfinishedMigration& migration, const std::string& uri);

}  // namespace millrace
