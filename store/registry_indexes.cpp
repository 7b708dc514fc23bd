#include "store/registry_indexes.h"

#include <array>

namespace millrace {
namespace {

struct Index {
  const char* name;
  const char* columns;
};

constexpr std::array kIndexes{
    // The lowest and the highest version of a stage, for latest_versions.
    Index{"millrace_model_versions_stage", "model_versions (name, current_stage, version)"},
};

bool exists(Session& session, const char* name) {
  return session
      .first<std::int64_t>("SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = :name",
                           {name})
      .has_value();
}

}  // namespace

void create_registry_indexes(Db& db) {
  for (const auto& [name, columns] : kIndexes) {
    if (db.read([&](Session& session) { return exists(session, name); })) continue;
    db.write([&](Session& session) {
      session.execute("CREATE INDEX IF NOT EXISTS " + std::string(name) + " ON " + columns);
    });
  }
}

}  // namespace millrace
