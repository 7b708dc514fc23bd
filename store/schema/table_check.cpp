#include "store/schema/table_check.h"

#include "store/db/sqlite/session.h"
#include "store/schema/catalog.h"
#include "store/schema/revisions.h"

namespace millrace {
namespace {

// The names are the same on all dialects.
Columns recorded_columns() {
  SqliteSession session(":memory:", SqliteSession::Role::Writer);
  for (const std::string_view statement : recorded_statements(Dialect::Sqlite))
    session.execute(statement);
  return columns_of(session, Dialect::Sqlite);
}

}  // namespace

std::string find_obstacle(Session& session, Dialect dialect) {
  const Columns recorded = recorded_columns();
  const Columns found = columns_of(session, dialect);
  for (const auto& [column, required] : recorded) {
    if (!found.contains(column)) return "it has no column " + column;
  }
  for (const auto& [column, required] : found) {
    const std::string table_prefix = column.substr(0, column.find('.') + 1);
    const auto next = recorded.lower_bound(table_prefix);
    const bool known_table = next != recorded.end() && next->first.starts_with(table_prefix);
    if (known_table && required && !recorded.contains(column)) {
      return "its column " + column + " must be given a value";
    }
  }
  return "";
}

}  // namespace millrace
