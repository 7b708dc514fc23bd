#include "store/schema/revisions.h"

#include "mlflow_revisions_txt.h"
#include "mysql_schema_sql.h"
#include "postgresql_schema_sql.h"
#include "sqlite_schema_sql.h"

namespace millrace {
namespace {

// The parts of `text`, each of which ends with `end`.
std::vector<std::string_view> split(std::string_view text, std::string_view end) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t length = text.find(end);
    parts.push_back(text.substr(0, length));
    if (length == std::string_view::npos) break;
    text.remove_prefix(length + end.size());
  }
  return parts;
}

Revision parse(std::string_view line) {
  const std::size_t space = line.find(' ');
  const std::string_view release = line.substr(space + 1);
  return {line.substr(0, space), release == "?" ? "" : release};
}

}  // namespace

std::optional<Revision> find_revision(std::string_view id) {
  for (const std::string_view line : split(mlflow_revisions_txt, "\n")) {
    if (const Revision revision = parse(line); revision.id == id) return revision;
  }
  return std::nullopt;
}

std::string_view head_revision() { return parse(split(mlflow_revisions_txt, "\n").back()).id; }

std::vector<std::string_view> recorded_statements(Dialect dialect) {
  std::string_view sql = sqlite_schema_sql;
  if (dialect == Dialect::Mysql) sql = mysql_schema_sql;
  if (dialect == Dialect::Postgresql) sql = postgresql_schema_sql;
  return split(sql, ";\n\n");
}

}  // namespace millrace
