#include "store/schema/family.h"

#include "store/schema/recorded_text.h"

namespace millrace {
namespace {

// The name between the first backticks of a text that begins with `prefix` and one; else empty.
std::string_view name_behind(std::string_view prefix, std::string_view text) {
  if (!text.starts_with(prefix)) return {};
  text.remove_prefix(prefix.size());
  return text.substr(0, text.find('`'));
}

}  // namespace

const Revision& head_revision(const SchemaFamily& family) { return family.revisions.back(); }

std::optional<Revision> find_revision(const SchemaFamily& family, std::string_view id) {
  for (const Revision& revision : family.revisions) {
    if (revision.id == id) return revision;
  }
  return std::nullopt;
}

std::vector<std::string_view> recorded_statements(const SchemaFamily& family, Dialect dialect) {
  std::string_view sql = family.sqlite;
  if (dialect == Dialect::Mysql) sql = family.mysql;
  if (dialect == Dialect::Postgresql) sql = family.postgresql;
  return split_recorded(sql, ";\n\n");
}

// MySQL's form is the easiest to read: its server printed all of it.
RecordedTables recorded_tables(const SchemaFamily& family) {
  RecordedTables tables;
  for (const std::string_view statement : recorded_statements(family, Dialect::Mysql)) {
    const std::string_view table = name_behind("CREATE TABLE `", statement);
    if (table.empty()) continue;
    auto& columns = tables[table];
    for (const std::string_view line : split_recorded(statement, "\n")) {
      const std::string_view column = name_behind("  `", line);
      if (!column.empty()) columns.insert(column);
    }
  }
  return tables;
}

}  // namespace millrace
