// The room store/schema: the tables: families of MLflow's and their recorded DDL, what is additive
// of ours, migrations and the one who works through them (migrator.h), one process at a time that
// changes anything. May use store/db, and of store/search the indexes. Reads and writes no entity,
// but what the steps of a migration change.
//
// A family's tables: made in a database that has none of them, checked in any other. What is
// recorded from the real MLflow lies beside this file (scripts/record_schema).
#pragma once

#include <optional>
#include <string>

#include "store/db/database.h"
#include "store/schema/mlflow_family.h"
#include "store/schema/unknown_schema.h"

namespace millrace {

// Makes the database ready for what uses the family's tables; called once at start.
// - Nothing there, but our own tables and those of the `known` families: creates them all. Of
//   several processes that start at once one does it, and the others wait. It is one transaction,
//   but on MySQL and MariaDB, where a creation that was interrupted is completed by the next start.
// - At the recorded head: nothing, if all recorded tables and columns exist and no further column
// of
//   theirs must be given a value; else throws.
// - At an older revision: throws, naming what was found, what is needed and the command to run.
// - At an unknown revision, as of a newer MLflow: throws, or does what `unknown` says, with a
// warning
//   in the log, if the tables are as at the head (for reading a further column never matters).
//   ReadOnly makes the database refuse writes.
// - Anything else (strangers' tables, no or no single revision): throws.
// - Own tables (own_tables.h) of a newer Millrace that are not for this one: throws.
// - A migration (migrator.h) that is half done: throws, naming the command that continues it; a
//   warning in the log if it is one that may go on beside servers.
// Returns whether it created or completed the tables. Throws INVALID_STATE with a message for the
// administrator, having changed nothing.
bool prepare_schema(Db& db, const SchemaFamily& family,
                    UnknownSchema unknown = UnknownSchema::Refuse,
                    const SchemaFamilies& known = known_families());

// The experiment with id 0, which MLflow's tracking store makes at its first start.
struct DefaultExperiment {
  std::string artifact_location;  // as stored, with the id at its end: mlflow-artifacts:/0
};

// The same for MLflow's own family. Then makes the default experiment where experiment 0 is missing
// and the database takes writes; give none for a database that serves as registry only.
bool prepare_schema(Db& db, const std::optional<DefaultExperiment>& default_experiment,
                    UnknownSchema unknown = UnknownSchema::Refuse);

// What prepare_schema would find: throws as it does, a revision that is not known included, and
// changes nothing. Returns the revision, or an empty text where it would create or complete the
// tables.
std::string check_schema(Db& db, const SchemaFamily& family = mlflow_family(),
                         const SchemaFamilies& known = known_families());

// What says that a migration is half done which may go on beside servers, or an empty text.
std::string migration_beside_servers(Db& db);

// Drops everything named millrace_*, which leaves the database as MLflow made it. Throws
// INVALID_STATE while a migration is half done.
void detach(Db& db);

}  // namespace millrace
