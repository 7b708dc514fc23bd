#include "store/schema/schema.h"

#include <spdlog/spdlog.h>

#include <vector>

#include "store/common/clock.h"
#include "store/schema/revisions.h"
#include "store/schema/table_check.h"

namespace millrace {
namespace {

constexpr std::string_view kMlflow = "MLflow 3.17.2";

struct Found {
  bool empty = false;
  std::vector<std::string> revisions;
  bool has_default_experiment = false;
};

bool has_table(Session& session, const std::string& name) {
  return session
      .first<std::int64_t>("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = :name",
                           {name})
      .has_value();
}

Found look(Session& session) {
  Found found;
  found.empty = !session.first<std::int64_t>("SELECT 1 FROM sqlite_master LIMIT 1");
  if (has_table(session, "alembic_version")) {
    session.each<std::string>(
        "SELECT version_num FROM alembic_version", {},
        [&found](std::string revision) { found.revisions.push_back(std::move(revision)); });
  }
  if (has_table(session, "experiments")) {
    found.has_default_experiment =
        session.first<std::int64_t>("SELECT 1 FROM experiments WHERE experiment_id = 0")
            .has_value();
  }
  return found;
}

void create(Session& session) {
  for (const std::string_view statement : recorded_statements()) session.execute(statement);
}

void create_default_experiment(Session& session, const DefaultExperiment& experiment,
                               std::int64_t now) {
  session.execute(
      "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, "
      "creation_time, last_update_time, workspace) "
      "VALUES (0, 'Default', :location, 'active', :created, :updated, 'default')",
      {experiment.artifact_location, now, now});
}

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorCode::InvalidState, message);
}

void refuse_older(const Db& db, const Revision& found) {
  refuse("The database has the MLflow schema version " + std::string(found.id) +
         (found.release.empty() ? "" : " (MLflow " + std::string(found.release) + ")") +
         ", and Millrace needs " + std::string(head_revision()) + " (" + std::string(kMlflow) +
         "). Take a backup, then run 'mlflow db upgrade " + db.uri() + "' with " +
         std::string(kMlflow) + ".");
}

void check_revision(Db& db, const Found& found) {
  if (found.revisions.empty()) {
    refuse(
        "The database has tables but no MLflow schema version in a table alembic_version, so "
        "it is no MLflow database, or one that MLflow has not finished to set up. If it is "
        "MLflow's, take a backup and run 'mlflow db upgrade " +
        db.uri() + "' with " + std::string(kMlflow) + ".");
  }
  if (found.revisions.size() > 1) {
    refuse("The table alembic_version of the database has more than one row.");
  }
  const std::string& revision = found.revisions.front();
  if (revision == head_revision()) return;
  if (const auto older = find_revision(revision)) refuse_older(db, *older);
  const std::string obstacle = db.read(find_obstacle);
  const std::string unknown = "The database has the MLflow schema version " + revision +
                              ", which this Millrace does not know (it is made for " +
                              std::string(head_revision()) + " of " + std::string(kMlflow) + ")";
  if (!obstacle.empty()) refuse(unknown + ", and cannot be used: " + obstacle + ".");
  spdlog::warn("{}; all that Millrace uses is there, so it starts", unknown);
}

}  // namespace

void prepare_schema(Db& db, const std::optional<DefaultExperiment>& default_experiment) {
  const Found found = db.read(look);
  if (!found.empty) check_revision(db, found);
  const bool wants_experiment = default_experiment && !found.has_default_experiment;
  if (!found.empty && !wants_experiment) return;
  db.write([&default_experiment, now = now_ms()](Session& session) {
    const Found current = look(session);  // another server may have been here meanwhile
    if (current.empty) create(session);
    if (default_experiment && !current.has_default_experiment) {
      create_default_experiment(session, *default_experiment, now);
    }
  });
}

void detach(Db& db) {
  db.write([](Session& session) {
    std::vector<std::string> drops;
    session.each<std::string, std::string>(
        "SELECT type, name FROM sqlite_master WHERE substr(name, 1, 9) = 'millrace_' "
        "ORDER BY type = 'table'",  // tables last: they take their indexes and triggers along
        {}, [&drops](const std::string& type, const std::string& name) {
          drops.push_back("DROP " + type + " \"" + name + "\"");
        });
    for (const std::string& drop : drops) session.execute(drop);
  });
}

}  // namespace millrace
