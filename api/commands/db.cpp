#include "api/commands/db.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "api/commands/outside_locations.h"
#include "api/rules/artifact_roots.h"
#include "store/check/findings.h"
#include "store/db/administration.h"
#include "store/db/connection_options.h"
#include "store/db/sqlite/uri.h"
#include "store/schema/additive_indexes.h"
#include "store/schema/catalog.h"
#include "store/schema/current_revision.h"
#include "store/schema/own_tables.h"
#include "store/schema/prepare.h"
#include "store/text/log_text.h"
#include "store/tracking/trash.h"

namespace millrace {
namespace {

void create_database(DatabaseUri uri) {
  if (uri.dialect == Dialect::Sqlite) return;  // opening the file creates it
  uri.database = with_libpq_variables(uri).database;
  if (uri.database.empty()) {
    throw_invalid_parameter(
        "--create-database: the URI names no database, nor do PGDATABASE and PGUSER.");
  }
  // PostgreSQL has no session without a database; this one is there for such purposes.
  const std::string name =
      std::exchange(uri.database, uri.dialect == Dialect::Postgresql ? "postgres" : "");
  open_administration(uri)->create_database(name);
}

int upgrade(const Config& config, bool with_database) {
  if (with_database) create_database(parse_database_uri(config.backend_store_uri));
  Db db({config.backend_store_uri, config.pool});
  const bool created = prepare_schema(db, std::nullopt);
  create_own_tables(db);
  create_additive_indexes(db);
  fmt::print("{} the MLflow schema {}.\n", created ? "Created" : "The database has",
             db.read(current_revision));
  return 0;
}

std::string_view name_of(Finding::Level level) {
  switch (level) {
    case Finding::Level::Fact:
      return "ok";
    case Finding::Level::Advice:
      return "advice";
    case Finding::Level::Problem:
      return "PROBLEM";
  }
  return "";
}

bool has_database(const std::string& uri) {
  return parse_database_uri(uri).dialect != Dialect::Sqlite ||
         std::filesystem::exists(sqlite_location(uri));
}

// Of a database whose schema is well.
void tell_outside_locations(const Config& config, Findings& findings) {
  if (findings.problems() > 0 || !has_database(config.backend_store_uri)) return;
  Db db({config.backend_store_uri, config.pool});
  if (check_schema(db).empty()) return;
  const OutsideLocations found = find_outside_locations(db, ArtifactRoots(config));
  for (const auto& [folder, experiments] : found.folders) {
    findings.advice("artifacts",
                    fmt::format("{} experiments have theirs in {}, which a server serves only with "
                                "--allowed-artifact-root for this folder or one above it",
                                experiments, log_text(folder)));
  }
  if (!found.is_all) findings.advice("artifacts", "not all experiments were looked at");
}

int check(const Config& config) {
  const std::string& uri = config.backend_store_uri;
  fmt::print("{}\n", without_password(uri));
  Findings findings = check_database({uri, config.pool});
  tell_outside_locations(config, findings);
  for (const Finding& one : findings.list()) {
    fmt::print("{:<8} {:<12} {}\n", name_of(one.level), one.topic, one.text);
  }
  const std::size_t problems = findings.problems();
  fmt::print("{}\n", problems == 0 ? "Healthy." : fmt::format("Problems: {}.", problems));
  return problems == 0 ? 0 : 1;
}

// With its table the list of files that gc has still to delete would be lost.
void refuse_with_trash(Db& db) {
  const auto names = db.read([&](Work& work) { return table_names(work, db.dialect()); });
  if (std::find(names.begin(), names.end(), "millrace_trash") == names.end()) return;
  const std::size_t left = db.read(tracking::list_trash).size();
  if (left == 0) return;
  throw Error(ErrorCode::InvalidState,
              "The artifacts of " + std::to_string(left) +
                  " removed runs and logged models are still to be deleted, and only this database "
                  "knows which. Run 'millrace gc' first.");
}

int detach_database(const Config& config) {
  const std::string& uri = config.backend_store_uri;
  if (!has_database(uri)) {
    throw Error(ErrorCode::InvalidState, "There is no database " + uri + ".");
  }
  Db db({uri, config.pool});
  refuse_with_trash(db);
  detach(db);
  fmt::print("The database holds nothing of Millrace's any more. A start makes it again.\n");
  return 0;
}

}  // namespace

int run_db_command(const Config& config, const DbCommand& command) {
  switch (command.verb) {
    case DbCommand::Verb::Check:
      return check(config);
    case DbCommand::Verb::Upgrade:
      return upgrade(config, command.create_database);
    case DbCommand::Verb::Detach:
      return detach_database(config);
  }
  return 1;
}

}  // namespace millrace
