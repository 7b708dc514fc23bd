// The room store/schema: the tables: the recorded DDL of MLflow's revisions, what is additive of
// ours, one process at a time that changes them. May use store/db, and of store/search the indexes.
// Reads and writes no entity.
//
// MLflow's schema: made on an empty database, checked on any other. What is recorded from the real
// MLflow lies beside this file (scripts/record_schema).
#pragma once

#include <optional>
#include <string>

#include "store/db/database.h"

namespace millrace {

// The experiment with id 0, which MLflow's tracking store makes at its first start.
struct DefaultExperiment {
  std::string artifact_location;  // as stored, with the id at its end: mlflow-artifacts:/0
};

// Makes the database ready for the stores; called once at start.
// - Empty: creates the whole schema. Of several processes that start at once one does it, and the
//   others wait. It is one transaction, but on MySQL and MariaDB, where a creation that was
//   interrupted is completed by the next start.
// - At the recorded head: nothing.
// - At an older revision: throws, naming what was found, what is needed and the command to run.
// - At an unknown revision, as of a newer MLflow: warns and goes on if all recorded tables and
//   columns exist and no further column of theirs must be given a value; else throws.
// - Anything else (no or no single revision): throws.
// Then makes the default experiment where experiment 0 is missing; give none for a database that
// serves as registry only. Returns whether it created or completed the schema. Throws INVALID_STATE
// with a message for the administrator, having changed nothing.
bool prepare_schema(Db& db, const std::optional<DefaultExperiment>& default_experiment);

// What prepare_schema would find: throws as it does and changes nothing. Returns the revision, or
// an empty text where it would create or complete the schema.
std::string check_schema(Db& db);

// Drops everything named millrace_*, which leaves the database as MLflow made it.
void detach(Db& db);

}  // namespace millrace
