#include "store/schema/catalog.h"

namespace millrace {
namespace {

// The same question to the three kinds of catalog.
struct Question {
  std::string_view sqlite, mysql, postgresql;

  std::string_view to(Dialect dialect) const {
    if (dialect == Dialect::Mysql) return mysql;
    return dialect == Dialect::Postgresql ? postgresql : sqlite;
  }
};

constexpr Question kTables{
    "SELECT name FROM sqlite_master WHERE type = 'table'",
    "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()",
    "SELECT c.relname FROM pg_catalog.pg_class c"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p')"};

constexpr Question kColumns{
    "SELECT t.name, c.name, c.\"notnull\" AND c.dflt_value IS NULL AND c.hidden = 0"
    " FROM sqlite_master t, pragma_table_xinfo(t.name) c WHERE t.type = 'table'",
    "SELECT table_name, column_name, is_nullable = 'NO' AND column_default IS NULL"
    " AND extra NOT LIKE '%auto_increment%' AND extra NOT LIKE '% GENERATED'"
    " FROM information_schema.columns WHERE table_schema = DATABASE()",
    "SELECT c.relname, a.attname, CASE WHEN a.attnotnull AND NOT a.atthasdef"
    " AND a.attidentity = '' THEN 1 ELSE 0 END FROM pg_catalog.pg_attribute a"
    " JOIN pg_catalog.pg_class c ON c.oid = a.attrelid"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p')"
    " AND a.attnum > 0 AND NOT a.attisdropped"};

constexpr Question kIndexes{"SELECT name FROM sqlite_master WHERE type = 'index'",
                            "SELECT DISTINCT index_name FROM information_schema.statistics"
                            " WHERE table_schema = DATABASE()",
                            "SELECT c.relname FROM pg_catalog.pg_class c"
                            " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
                            " WHERE n.nspname = current_schema() AND c.relkind IN ('i', 'I')"};

// Indexes of other tables, then tables, which take their indexes along; last the one by which
// others are kept away meanwhile.
constexpr Question kOurs{
    "SELECT 'DROP ' || type || ' \"' || name || '\"' FROM sqlite_master"
    " WHERE substr(name, 1, 9) = 'millrace_' ORDER BY type = 'table', name",
    "SELECT statement FROM (SELECT DISTINCT 1 AS turn, CONCAT('ALTER TABLE `', table_name,"
    " '` DROP INDEX `', index_name, '`') AS statement"
    " FROM information_schema.statistics WHERE table_schema = DATABASE()"
    " AND LEFT(index_name, 9) = 'millrace_' AND LEFT(table_name, 9) <> 'millrace_'"
    " UNION ALL SELECT CASE table_name WHEN 'millrace_schema_lock' THEN 3 ELSE 2 END,"
    " CONCAT('DROP TABLE `', table_name, '`') FROM information_schema.tables"
    " WHERE table_schema = DATABASE() AND LEFT(table_name, 9) = 'millrace_') AS drops"
    " ORDER BY turn, statement",
    "SELECT 'DROP INDEX ' || quote_ident(i.relname) FROM pg_catalog.pg_class i"
    " JOIN pg_catalog.pg_namespace n ON n.oid = i.relnamespace"
    " JOIN pg_catalog.pg_index x ON x.indexrelid = i.oid"
    " JOIN pg_catalog.pg_class t ON t.oid = x.indrelid"
    " WHERE n.nspname = current_schema() AND substr(i.relname, 1, 9) = 'millrace_'"
    " AND substr(t.relname, 1, 9) <> 'millrace_'"
    " UNION ALL SELECT 'DROP TABLE ' || quote_ident(c.relname) FROM pg_catalog.pg_class c"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = current_schema() AND substr(c.relname, 1, 9) = 'millrace_'"
    " AND c.relkind IN ('r', 'p')"};

std::vector<std::string> texts(Session& session, std::string_view sql) {
  std::vector<std::string> result;
  session.each<std::string>(sql, {},
                            [&result](std::string text) { result.push_back(std::move(text)); });
  return result;
}

}  // namespace

std::vector<std::string> table_names(Session& session, Dialect dialect) {
  return texts(session, kTables.to(dialect));
}

Columns columns_of(Session& session, Dialect dialect) {
  Columns columns;
  session.each<std::string, std::string, std::int64_t>(
      kColumns.to(dialect), {},
      [&columns](const std::string& table, const std::string& column, std::int64_t required) {
        columns[table][column] = required != 0;
      });
  return columns;
}

Columns columns_of(Administration& db) {
  Columns columns;
  for (const auto& row : db.query(std::string(kColumns.to(db.dialect())))) {
    columns[row.at(0).value_or("")][row.at(1).value_or("")] = row.at(2) == "1";
  }
  return columns;
}

std::vector<std::string> index_names(Session& session, Dialect dialect) {
  return texts(session, kIndexes.to(dialect));
}

bool is_ours(std::string_view name) { return name.starts_with("millrace_"); }

std::vector<std::string> drops_of_ours(Session& session, Dialect dialect) {
  return texts(session, kOurs.to(dialect));
}

}  // namespace millrace
