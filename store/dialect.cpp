#include "store/dialect.h"

namespace millrace {
namespace {

// "key" is a reserved word of MySQL.
std::string quoted(Dialect dialect, std::string_view name) {
  const char quote = dialect == Dialect::Mysql ? '`' : '"';
  return quote + std::string(name) + quote;
}

void append(std::string& list, std::string_view item) {
  if (!list.empty()) list += ", ";
  list += item;
}

}  // namespace

std::string_view row_lock(Dialect dialect) {
  return dialect == Dialect::Sqlite ? "" : " FOR UPDATE";
}

std::string tag_order(Dialect dialect, std::string_view tags) {
  return std::string(tags) + (dialect == Dialect::Sqlite ? ".rowid" : ".key");
}

std::string upsert(Dialect dialect, std::string_view table,
                   std::initializer_list<std::string_view> key,
                   std::initializer_list<std::string_view> values) {
  std::string columns, places, key_columns, changes;
  const auto add = [&](std::string_view name) {
    const std::string column = quoted(dialect, name);
    append(columns, column);
    append(places, ":" + std::string(name));
    append(changes,
           column + " = " +
               (dialect == Dialect::Mysql ? "VALUES(" + column + ")" : "excluded." + column));
  };
  for (const std::string_view name : key) {
    add(name);
    append(key_columns, quoted(dialect, name));
  }
  for (const std::string_view name : values) add(name);
  return "INSERT INTO " + std::string(table) + " (" + columns + ") VALUES (" + places + ")" +
         (dialect == Dialect::Mysql ? " ON DUPLICATE KEY UPDATE "
                                    : " ON CONFLICT (" + key_columns + ") DO UPDATE SET ") +
         changes;
}

}  // namespace millrace
