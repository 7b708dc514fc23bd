#include "store/schema/own_tables.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "store/schema/catalog.h"
#include "store/schema/define.h"
#include "store/schema/migration_progress.h"

namespace millrace {
namespace {

struct OwnTable {
  std::string_view name;
  std::string_view definition;  // what all dialects understand
  std::string_view index = "";  // which it needs
};

constexpr std::array kOwnTables{
    // How often each model was locked (registry::lock_model). A name keeps its number when the
    // model is gone, so that one of the same name goes on counting.
    OwnTable{"millrace_model_turns",
             "CREATE TABLE millrace_model_turns (name VARCHAR(256) NOT NULL, turn BIGINT NOT NULL,"
             " PRIMARY KEY (name))"},
    // How often something was created in an experiment, at one of some places, or all of them were
    // taken to delete it (experiments::lock_experiment). Empty on SQLite.
    OwnTable{"millrace_experiment_turns",
             "CREATE TABLE millrace_experiment_turns (experiment_id INTEGER NOT NULL,"
             " place INTEGER NOT NULL, turn BIGINT NOT NULL, PRIMARY KEY (experiment_id, place))"},
    // One row, with the id 1.
    OwnTable{kOwnSchemaTable,
             "CREATE TABLE millrace_schema (id INTEGER NOT NULL, version INTEGER NOT NULL,"
             " min_compatible INTEGER NOT NULL, PRIMARY KEY (id))"},
    // The artifacts of what gc has removed, until they are gone, too (tracking/trash.h).
    OwnTable{"millrace_trash",
             "CREATE TABLE millrace_trash (kind VARCHAR(16) NOT NULL, id VARCHAR(64) NOT NULL,"
             " uri TEXT NOT NULL, removed_ms BIGINT NOT NULL, PRIMARY KEY (kind, id))"},
    // Where the versions of servers lie that have a registry elsewhere (tracking/registries.h).
    OwnTable{"millrace_registries",
             "CREATE TABLE millrace_registries (place VARCHAR(255) NOT NULL, PRIMARY KEY (place))"},
    // The writes whose outcome somebody may look for (store/db/server/outcomes.h). Empty on SQLite.
    OwnTable{"millrace_outcomes",
             "CREATE TABLE millrace_outcomes (writer BIGINT NOT NULL, turn BIGINT NOT NULL,"
             " saved INTEGER NOT NULL, written_ms BIGINT NOT NULL, PRIMARY KEY (writer, turn))"},
    // Replies to writes that their clients named (store/db/remembered_replies.h), in parts.
    OwnTable{"millrace_replies",
             "CREATE TABLE millrace_replies (name VARCHAR(64) NOT NULL, part INTEGER NOT NULL,"
             " request VARCHAR(64) NOT NULL, status INTEGER NOT NULL,"
             " content_type VARCHAR(255) NOT NULL, body TEXT NOT NULL, written_ms BIGINT NOT NULL,"
             " PRIMARY KEY (name, part))",
             "CREATE INDEX millrace_replies_written ON millrace_replies (written_ms)"},
    // How far each migration has come (migration_progress.h).
    OwnTable{kMigrationTable,
             "CREATE TABLE millrace_migration (name VARCHAR(100) NOT NULL,"
             " backward INTEGER NOT NULL, step INTEGER NOT NULL, position VARCHAR(1000) NOT NULL,"
             " command VARCHAR(255) NOT NULL, beside_servers INTEGER NOT NULL,"
             " started_ms BIGINT NOT NULL, updated_ms BIGINT NOT NULL, finished INTEGER NOT NULL,"
             " PRIMARY KEY (name))"},
};

// The row comes last, so that its version is that of tables which are there. Where the row is
// missing the tables are of a time before it, or a creation was interrupted.
std::string raise_version(const std::optional<OwnSchema>& found, const OwnSchema& program) {
  const std::string version = std::to_string(program.version);
  const std::string least =
      std::to_string(std::max(program.min_compatible, found ? found->min_compatible : 0));
  if (!found) {
    return "INSERT INTO millrace_schema (id, version, min_compatible) VALUES (1, " + version +
           ", " + least + ")";
  }
  return "UPDATE millrace_schema SET version = " + version + ", min_compatible = " + least +
         " WHERE id = 1 AND version < " + version;
}

std::vector<std::string> missing_parts(Session& session, Dialect dialect,
                                       const OwnSchema& program) {
  const std::vector<std::string> there = table_names(session, dialect);
  const auto is_there = [&there](std::string_view name) {
    return std::find(there.begin(), there.end(), name) != there.end();
  };
  std::optional<OwnSchema> found;
  if (is_there(kOwnSchemaTable)) found = own_schema(session);
  if (found) require_compatible(*found, program);
  std::vector<std::string> statements;
  for (const OwnTable& table : kOwnTables) {
    if (is_there(table.name)) continue;
    statements.emplace_back(table.definition);
    if (!table.index.empty()) statements.emplace_back(table.index);
  }
  if (!found || found->version < program.version) {
    statements.push_back(raise_version(found, program));
  }
  return statements;
}

}  // namespace

std::string own_table_definition(std::string_view name) {
  const auto* const table = std::find_if(kOwnTables.begin(), kOwnTables.end(),
                                         [name](const OwnTable& one) { return one.name == name; });
  return std::string(table->definition);
}

std::optional<OwnSchema> own_schema(Session& session) {
  const auto row = session.first<std::int64_t, std::int64_t>(
      "SELECT version, min_compatible FROM millrace_schema WHERE id = 1");
  if (!row) return std::nullopt;
  return OwnSchema{static_cast<int>(std::get<0>(*row)), static_cast<int>(std::get<1>(*row))};
}

std::string too_old_for(const OwnSchema& found, const OwnSchema& program) {
  if (found.min_compatible <= program.version) return "";
  return "was upgraded by a newer Millrace: its millrace_ tables have version " +
         std::to_string(found.version) + " and are for programs of version " +
         std::to_string(found.min_compatible) + " and later, and this one has " +
         std::to_string(program.version);
}

void require_compatible(const OwnSchema& found, const OwnSchema& program) {
  const std::string reason = too_old_for(found, program);
  if (reason.empty()) return;
  throw Error(
      ErrorCode::InvalidState,
      "The database " + reason + ". Start a Millrace that is as new as the one that upgraded it.");
}

void create_own_tables(Db& db, const OwnSchema& program) {
  if (db.refuses_writes()) return;
  const auto wanted = [&](Session& session) {
    return missing_parts(session, db.dialect(), program);
  };
  if (!db.read(wanted).empty()) define(db, wanted);
}

// A row that nobody else ever sees. An UPDATE to the same values would change no page of a SQLite
// file, and so succeed on a full disk.
void touch_own_schema(Session& session) {
  session.execute("INSERT INTO millrace_schema (id, version, min_compatible) VALUES (0, 0, 0)");
  session.execute("DELETE FROM millrace_schema WHERE id = 0");
}

}  // namespace millrace
