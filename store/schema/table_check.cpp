#include "store/schema/table_check.h"

#include <map>

#include "store/schema/revisions.h"
#include "store/sqlite_session.h"

namespace millrace {
namespace {

// Columns by "table.column"; true where an INSERT must name the column.
using Columns = std::map<std::string, bool>;

Columns columns_of(Session& session) {
  Columns columns;
  session.each<std::string, std::string, std::int64_t>(
      "SELECT t.name, c.name, c.\"notnull\" AND c.dflt_value IS NULL AND c.hidden = 0 "
      "FROM sqlite_master t, pragma_table_xinfo(t.name) c WHERE t.type = 'table'",
      {}, [&columns](const std::string& table, const std::string& column, std::int64_t required) {
        columns[table + "." + column] = required != 0;
      });
  return columns;
}

Columns recorded_columns() {
  SqliteSession session(":memory:", SqliteSession::Role::Writer);
  for (const std::string_view statement : recorded_statements()) session.execute(statement);
  return columns_of(session);
}

}  // namespace

std::string find_obstacle(Session& session) {
  const Columns recorded = recorded_columns();
  const Columns found = columns_of(session);
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
