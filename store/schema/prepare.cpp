#include "store/schema/prepare.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <vector>

#include "store/common/clock.h"
#include "store/db/database_uri.h"
#include "store/schema/catalog.h"
#include "store/schema/define.h"
#include "store/schema/found.h"
#include "store/schema/own_tables.h"
#include "store/schema/table_check.h"

namespace millrace {
namespace {

void create(Db& db, const SchemaFamily& family, const SchemaFamilies& known) {
  define(db, [&, dialect = db.dialect()](Session& session) {
    std::vector<std::string> statements;
    // Another server may have been here meanwhile.
    if (!look_for(family, known, session, dialect).to_create()) return statements;
    for (const std::string_view one : recorded_statements(family, dialect)) {
      statements.emplace_back(one);
    }
    if (dialect == Dialect::Mysql) {
      const std::string table = "TABLE " + std::string(family.unfinished_table);
      statements.insert(statements.begin(), "CREATE " + table + " (id INTEGER)");
      statements.push_back("DROP " + table);
    }
    return statements;
  });
}

bool has_default_experiment(Session& session) {
  return session.first<std::int64_t>("SELECT 1 FROM experiments WHERE experiment_id = 0")
      .has_value();
}

void create_default_experiment(Db& db, const DefaultExperiment& experiment) {
  if (db.read(has_default_experiment)) return;
  db.write([&, now = now_ms()](Session& session) {
    session.execute(insert_missing(db.dialect(), "experiments",
                                   {"experiment_id", "name", "artifact_location", "lifecycle_stage",
                                    "creation_time", "last_update_time", "workspace"},
                                   1),
                    {0, "Default", experiment.artifact_location, "active", now, now, "default"});
  });
}

[[noreturn]] void refuse_schema(const std::string& message) {
  throw Error(ErrorCode::InvalidState, message);
}

// "run 'mlflow db upgrade URI' with MLflow 3.17.2"
std::string upgrade_advice(const Db& db, const SchemaFamily& family) {
  return "run '" + std::string(family.upgrade) + " " + without_password(db.uri()) + "' with " +
         std::string(family.release);
}

// "The database has the MLflow schema version x"
std::string statement_of(const SchemaFamily& family, std::string_view revision) {
  return "The database has the " + std::string(family.name) + " schema version " +
         std::string(revision);
}

void refuse_older(const Db& db, const SchemaFamily& family, const Revision& found) {
  refuse_schema(statement_of(family, found.id) +
                (found.release.empty() ? "" : " (MLflow " + std::string(found.release) + ")") +
                ", and Millrace needs " + std::string(head_revision(family).id) + " (" +
                std::string(family.release) + "). Take a backup, then " +
                upgrade_advice(db, family) + ".");
}

// The single revision in the version table.
const std::string& single_revision(const Db& db, const SchemaFamily& family,
                                   const FoundSchema& found) {
  const std::string table(family.version_table);
  if (found.revisions.empty()) {
    const std::string name(family.name);
    refuse_schema("The database has tables but no " + name + " schema version in a table " + table +
                  ", so it is no " + name +
                  " database, or one that MLflow has not finished to set up. " +
                  "If it is MLflow's, take a backup and " + upgrade_advice(db, family) + ".");
  }
  if (found.revisions.size() > 1) {
    refuse_schema("The table " + table + " of the database has more than one row.");
  }
  return found.revisions.front();
}

std::string obstacle_for(Db& db, const SchemaFamily& family, TableUse use) {
  return db.read(
      [&](Session& session) { return find_obstacle(session, db.dialect(), family, use); });
}

void handle_unknown(Db& db, const SchemaFamily& family, const std::string& revision,
                    UnknownSchema unknown) {
  const std::string found =
      statement_of(family, revision) + ", which this Millrace does not know (it is made for " +
      std::string(head_revision(family).id) + " of " + std::string(family.release) + ")";
  const TableUse use = unknown == UnknownSchema::Write ? TableUse::Writing : TableUse::Reading;
  const std::string obstacle = obstacle_for(db, family, use);
  if (!obstacle.empty()) refuse_schema(found + ", and cannot be used: " + obstacle + ".");
  switch (unknown) {
    case UnknownSchema::Refuse:
      refuse_schema(
          found +
          ": a newer MLflow has migrated it. Use a newer Millrace. Until there is one, 'millrace "
          "server --unknown-schema=read-only' serves what is there and changes nothing, and "
          "'--unknown-schema=write' also writes, without what only the newer MLflow keeps.");
    case UnknownSchema::ReadOnly:
      db.refuse_writes(found + ", so nothing is written to it (--unknown-schema=read-only).");
      spdlog::warn("{}; nothing is written to it", found);
      return;
    case UnknownSchema::Write:
      spdlog::warn(
          "{}; all that Millrace uses is there, so it starts and writes, without what only the "
          "newer MLflow keeps (--unknown-schema=write)",
          found);
      return;
  }
}

// The revision, of a database whose tables can be used.
const std::string& check_found(Db& db, const SchemaFamily& family, const FoundSchema& found,
                               UnknownSchema unknown) {
  const std::string& revision = single_revision(db, family, found);
  if (revision == head_revision(family).id) {
    const std::string obstacle = obstacle_for(db, family, TableUse::Writing);
    if (obstacle.empty()) return revision;
    refuse_schema(statement_of(family, revision) + ", but " + obstacle +
                  ": somebody has changed its tables. Undo that, or restore a backup.");
  }
  if (const auto older = find_revision(family, revision)) refuse_older(db, family, *older);
  handle_unknown(db, family, revision, unknown);
  return revision;
}

FoundSchema look(Db& db, const SchemaFamily& family, const SchemaFamilies& known) {
  FoundSchema found =
      db.read([&](Session& session) { return look_for(family, known, session, db.dialect()); });
  if (found.own) require_compatible(*found.own);
  if (found.half_done && !found.half_done->notice.beside_servers) {
    refuse_schema(
        "Not all of the database is changed yet: " + describe(*found.half_done, db.uri()) +
        ", and until then nothing else may use it.");
  }
  return found;
}

// Only its row says how far it has come.
void refuse_half_done(Db& db) {
  const auto names = db.read([&](Work& work) { return table_names(work, db.dialect()); });
  if (std::find(names.begin(), names.end(), kMigrationTable) == names.end()) return;
  const auto half_done = db.read([](Work& work) { return unfinished_migration(work); });
  if (half_done)
    refuse_schema("Nothing can be taken away yet: " + describe(*half_done, db.uri()) + ".");
}

}  // namespace

bool prepare_schema(Db& db, const SchemaFamily& family, UnknownSchema unknown,
                    const SchemaFamilies& known) {
  const FoundSchema found = look(db, family, known);
  if (found.half_done) {
    spdlog::warn("{}, which may be done while servers run", describe(*found.half_done, db.uri()));
  }
  if (found.to_create()) {
    create(db, family, known);
  } else {
    check_found(db, family, found, unknown);
  }
  return found.to_create();
}

bool prepare_schema(Db& db, const std::optional<DefaultExperiment>& default_experiment,
                    UnknownSchema unknown) {
  const bool created = prepare_schema(db, mlflow_family(), unknown);
  if (default_experiment && !db.refuses_writes()) {
    create_default_experiment(db, *default_experiment);
  }
  return created;
}

std::string check_schema(Db& db, const SchemaFamily& family, const SchemaFamilies& known) {
  const FoundSchema found = look(db, family, known);
  if (found.to_create()) return "";
  return check_found(db, family, found, UnknownSchema::Refuse);
}

std::string migration_beside_servers(Db& db) {
  const FoundSchema found = look(db, mlflow_family(), known_families());
  return found.half_done ? describe(*found.half_done, db.uri()) : "";
}

void detach(Db& db) {
  refuse_half_done(db);
  define(db, [&db](Session& session) { return drops_of_ours(session, db.dialect()); });
}

}  // namespace millrace
