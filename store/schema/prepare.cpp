#include "store/schema/prepare.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <vector>

#include "store/common/clock.h"
#include "store/db/database_uri.h"
#include "store/schema/catalog.h"
#include "store/schema/define.h"
#include "store/schema/revisions.h"
#include "store/schema/table_check.h"

namespace millrace {
namespace {

constexpr std::string_view kMlflow = "MLflow 3.17.2";

// On MySQL, where no transaction can hold them, it lies beside the tables until all are made.
constexpr const char* kUnfinished = "millrace_unfinished_schema";

struct Found {
  bool empty = false;
  bool unfinished = false;  // a creation of ours was interrupted, or is under way elsewhere
  std::vector<std::string> revisions;

  bool to_create() const { return empty || unfinished; }
};

Found look(Session& session, Dialect dialect) {
  const std::vector<std::string> tables = table_names(session, dialect);
  const auto is_there = [&tables](std::string_view name) {
    return std::find(tables.begin(), tables.end(), name) != tables.end();
  };
  Found found;
  // The lock of a cluster (store/db/mysql/cluster_lock.h) comes before the tables.
  found.empty = std::all_of(tables.begin(), tables.end(), is_ours);
  found.unfinished = is_there(kUnfinished);
  if (is_there("alembic_version")) {
    session.each<std::string>(
        "SELECT version_num FROM alembic_version", {},
        [&found](std::string revision) { found.revisions.push_back(std::move(revision)); });
  }
  return found;
}

void create(Db& db) {
  define(db, [dialect = db.dialect()](Session& session) {
    std::vector<std::string> statements;
    // Another server may have been here meanwhile.
    if (!look(session, dialect).to_create()) return statements;
    for (const std::string_view one : recorded_statements(dialect)) statements.emplace_back(one);
    if (dialect == Dialect::Mysql) {
      const std::string table = std::string("TABLE ") + kUnfinished;
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

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorCode::InvalidState, message);
}

void refuse_older(const Db& db, const Revision& found) {
  refuse("The database has the MLflow schema version " + std::string(found.id) +
         (found.release.empty() ? "" : " (MLflow " + std::string(found.release) + ")") +
         ", and Millrace needs " + std::string(head_revision()) + " (" + std::string(kMlflow) +
         "). Take a backup, then run 'mlflow db upgrade " + without_password(db.uri()) + "' with " +
         std::string(kMlflow) + ".");
}

void check_revision(Db& db, const Found& found) {
  if (found.revisions.empty()) {
    refuse(
        "The database has tables but no MLflow schema version in a table alembic_version, so "
        "it is no MLflow database, or one that MLflow has not finished to set up. If it is "
        "MLflow's, take a backup and run 'mlflow db upgrade " +
        without_password(db.uri()) + "' with " + std::string(kMlflow) + ".");
  }
  if (found.revisions.size() > 1) {
    refuse("The table alembic_version of the database has more than one row.");
  }
  const std::string& revision = found.revisions.front();
  if (revision == head_revision()) return;
  if (const auto older = find_revision(revision)) refuse_older(db, *older);
  const std::string obstacle =
      db.read([&db](Session& session) { return find_obstacle(session, db.dialect()); });
  const std::string unknown = "The database has the MLflow schema version " + revision +
                              ", which this Millrace does not know (it is made for " +
                              std::string(head_revision()) + " of " + std::string(kMlflow) + ")";
  if (!obstacle.empty()) refuse(unknown + ", and cannot be used: " + obstacle + ".");
  spdlog::warn("{}; all that Millrace uses is there, so it starts", unknown);
}

}  // namespace

bool prepare_schema(Db& db, const std::optional<DefaultExperiment>& default_experiment) {
  const Found found = db.read([&db](Session& session) { return look(session, db.dialect()); });
  if (found.to_create()) {
    create(db);
  } else {
    check_revision(db, found);
  }
  if (default_experiment) create_default_experiment(db, *default_experiment);
  return found.to_create();
}

std::string check_schema(Db& db) {
  const Found found = db.read([&db](Session& session) { return look(session, db.dialect()); });
  if (found.to_create()) return "";
  check_revision(db, found);
  return found.revisions.front();
}

void detach(Db& db) {
  define(db, [&db](Session& session) { return drops_of_ours(session, db.dialect()); });
}

}  // namespace millrace
