#include "store/registry_indexes.h"

#include <vector>

#include "store/search/search_indexes.h"

namespace millrace {
namespace {

// The lowest and the highest version of a stage, for the latest versions; with the workspace, so
// that no row is read for it.
constexpr std::string_view kStageIndex =
    "CREATE INDEX IF NOT EXISTS millrace_model_versions_stage "
    "ON model_versions (name, current_stage, workspace, version)";

bool exists(Session& session, std::string_view statement) {
  return session
      .first<std::int64_t>(
          "SELECT 1 FROM sqlite_master WHERE type = 'index'"
          " AND instr(:statement, ' ' || name || ' ') > 0 LIMIT 1",
          {std::string(statement)})
      .has_value();
}

}  // namespace

void create_registry_indexes(Db& db) {
  std::vector<std::string_view> statements(search::sqlite_indexes.begin(),
                                           search::sqlite_indexes.end());
  statements.push_back(kStageIndex);
  for (const std::string_view statement : statements) {
    if (db.read([&](Session& session) { return exists(session, statement); })) continue;
    db.write([&](Session& session) { session.execute(statement); });
  }
}

}  // namespace millrace
