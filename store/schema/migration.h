// What a migration of a schema consists of. Data, which the migrator (migrator.h) works through.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "store/db/administration.h"

namespace millrace {

// Definitions, in order. On SQLite and PostgreSQL they are one transaction, on SQLite with foreign
// keys that are checked at its end, so that a table may be rebuilt: made anew under another name,
// filled, the old one dropped, the new one renamed. On MySQL, where each is final, each must be
// able to run twice in the sense of Administration::define: one of several parts finds all of them
// done or none.
struct Definitions {
  std::vector<std::string> sqlite, mysql, postgresql;
};

// A change of many rows, some at a time, each time in a transaction of its own.
struct Batches {
  // In the open transaction changes the next rows behind `position`, which is empty at first, and
  // returns how far it has come, another position of at most 1,000 bytes; nothing once no row is
  // left. A thousand rows or so at a time, so that nobody waits for long. After a turn (migrator.h)
  // it begins anew over rows of which some are changed already. May run more than once, when its
  // transaction is in conflict with another. What it throws stops the migration.
  std::function<std::optional<std::string>(Administration&, const std::string& position)> next;
  // Whether servers may start and work while it is half done.
  bool beside_servers = false;
};

using Change = std::variant<Definitions, Batches>;

struct MigrationStep {
  std::string name;  // for the log, "the issues get three columns"
  Change forward;
  std::optional<Change> back = {};  // undoes it, also where only a part of it, or nothing, is done
};

// One of the two directions of a migration.
struct MigrationWay {
  std::string command;  // that goes this way, "millrace db upgrade"; the database's URI follows
  // Whether the database is at the end of this way, by its version table.
  std::function<bool(Administration&)> is_done;
  // After the last step: what is not as it should be, or nothing (table_check.h). May be empty.
  std::function<std::string(Administration&)> verify;
  // The statement that moves the version table, once all is verified.
  std::string version;
};

struct Migration {
  std::string name;  // at most 100 bytes; the same for ever
  std::vector<MigrationStep> steps;
  MigrationWay forward;
  std::optional<MigrationWay> back = {};  // if every step can be undone
};

}  // namespace millrace
