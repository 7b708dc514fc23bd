#include "store/schema/found.h"

#include <algorithm>

#include "store/schema/catalog.h"

namespace millrace {
namespace {

// Tables beside which a family may be made.
class Neighbours {
 public:
  Neighbours(const SchemaFamily& family, const SchemaFamilies& known)
      : family_tables_(recorded_tables(family)) {
    for (const SchemaFamily* one : known) {
      if (one->version_table != family.version_table) others_.merge(recorded_tables(*one));
    }
  }

  bool holds(std::string_view table) const {
    if (family_tables_.contains(table)) return false;
    return is_ours(table) || others_.contains(table) || table.starts_with("alembic_version") ||
           table.starts_with("sqlite_");  // SQLite's own, as of ANALYZE
  }

 private:
  RecordedTables family_tables_, others_;
};

}  // namespace

FoundSchema look_for(const SchemaFamily& family, const SchemaFamilies& known, Session& session,
                     Dialect dialect) {
  const std::vector<std::string> tables = table_names(session, dialect);
  const auto is_there = [&tables](std::string_view name) {
    return std::find(tables.begin(), tables.end(), name) != tables.end();
  };
  FoundSchema found;
  found.unfinished = is_there(family.unfinished_table);
  if (is_there(kOwnSchemaTable)) found.own = own_schema(session);
  if (is_there(kMigrationTable)) found.half_done = unfinished_migration(session);
  if (is_there(family.version_table)) {
    session.each<std::string>(
        "SELECT version_num FROM " + std::string(family.version_table), {},
        [&found](std::string revision) { found.revisions.push_back(std::move(revision)); });
  } else {
    const Neighbours neighbours(family, known);
    found.empty = std::all_of(tables.begin(), tables.end(), [&neighbours](std::string_view name) {
      return neighbours.holds(name);
    });
  }
  return found;
}

}  // namespace millrace
