#include "store/schema/own_tables.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "store/schema/catalog.h"
#include "store/schema/define.h"

namespace millrace {
namespace {

struct OwnTable {
  std::string_view name;
  std::string_view definition;  // what all dialects understand
};

constexpr std::array kOwnTables{
    // How often each model was locked (registry::lock_model). A name keeps its number when the
    // model
    // is gone, so that one of the same name goes on counting.
    OwnTable{"millrace_model_turns",
             "CREATE TABLE millrace_model_turns (name VARCHAR(256) NOT NULL, turn BIGINT NOT NULL,"
             " PRIMARY KEY (name))"},
    // The artifacts of what gc has removed, until they are gone, too (tracking/trash.h).
    OwnTable{"millrace_trash",
             "CREATE TABLE millrace_trash (kind VARCHAR(16) NOT NULL, id VARCHAR(64) NOT NULL,"
             " uri TEXT NOT NULL, removed_ms BIGINT NOT NULL, PRIMARY KEY (kind, id))"},
    // Where the versions of servers lie that have a registry elsewhere (tracking/registries.h).
    OwnTable{"millrace_registries",
             "CREATE TABLE millrace_registries (place VARCHAR(255) NOT NULL, PRIMARY KEY (place))"},
};

std::vector<std::string> missing_tables(Session& session, Dialect dialect) {
  const std::vector<std::string> there = table_names(session, dialect);
  std::vector<std::string> statements;
  for (const OwnTable& table : kOwnTables) {
    if (std::find(there.begin(), there.end(), table.name) == there.end()) {
      statements.emplace_back(table.definition);
    }
  }
  return statements;
}

}  // namespace

void create_own_tables(Db& db) {
  const auto wanted = [&db](Session& session) { return missing_tables(session, db.dialect()); };
  if (!db.read(wanted).empty()) define(db, wanted);
}

}  // namespace millrace
