#include "store/db/dialect.h"

#include <algorithm>
#include <vector>

namespace millrace {
namespace {

// "key" is a reserved word of MySQL.
std::string quoted(std::string_view name) { return '"' + std::string(name) + '"'; }

void append(std::string& list, std::string_view item) {
  if (!list.empty()) list += ", ";
  list += item;
}

using ColumnNames = std::vector<std::string_view>;

// INSERT INTO table (columns) VALUES (:column0, ..), (:column1, ..)
std::string insert_rows(std::string_view table, const ColumnNames& columns, std::size_t rows) {
  std::string names, tuples;
  for (const std::string_view column : columns) append(names, quoted(column));
  for (std::size_t row = 0; row < rows; ++row) {
    std::string places;
    for (const std::string_view column : columns) {
      append(places, ":" + std::string(column) + std::to_string(row));
    }
    append(tuples, "(" + places + ")");
  }
  return "INSERT INTO " + std::string(table) + " (" + names + ") VALUES " + tuples;
}

// What a row that could not be inserted would have had.
std::string offered(Dialect dialect, std::string_view column) {
  const std::string name = quoted(column);
  return dialect == Dialect::Mysql ? "VALUES(" + name + ")" : "excluded." + name;
}

// What MySQL assigns to the key's column of a row that was there already: NULL, which it refuses,
// where the key that was offered is another spelling.
std::string same_spelling(std::string_view table, std::string_view column) {
  const std::string stored = std::string(table) + "." + quoted(column);
  return quoted(column) + " = IF(BINARY " + stored + " = BINARY " +
         offered(Dialect::Mysql, column) + ", " + stored + ", NULL)";
}

// An upsert that takes over all columns, and on MySQL refuses other spellings of `spelled`, if that
// is one.
std::string upsert_rows(Dialect dialect, std::string_view table, const ColumnNames& key,
                        std::initializer_list<std::string_view> values, std::string_view spelled,
                        std::size_t rows) {
  ColumnNames columns(key);
  columns.insert(columns.end(), values);
  std::string key_columns, changes;
  for (const std::string_view name : columns) {
    append(changes, dialect == Dialect::Mysql && name == spelled
                        ? same_spelling(table, name)
                        : quoted(name) + " = " + offered(dialect, name));
  }
  for (const std::string_view name : key) append(key_columns, quoted(name));
  return insert_rows(table, columns, rows) +
         (dialect == Dialect::Mysql ? " ON DUPLICATE KEY UPDATE "
                                    : " ON CONFLICT (" + key_columns + ") DO UPDATE SET ") +
         changes;
}

}  // namespace

std::string_view row_lock(Dialect dialect) {
  return dialect == Dialect::Sqlite ? "" : " FOR UPDATE";
}

std::string_view text_position(Dialect dialect) {
  return dialect == Dialect::Postgresql ? "STRPOS" : "INSTR";
}

std::optional<std::string_view> stored_place(Dialect dialect) {
  switch (dialect) {
    case Dialect::Sqlite:
      return ".rowid";
    case Dialect::Postgresql:
      return ".ctid";
    default:
      return std::nullopt;
  }
}

std::string tag_order(Dialect dialect, std::string_view tags) {
  return std::string(tags) + std::string(stored_place(dialect).value_or(".key"));
}

std::string by_tag_order(Dialect dialect, std::string_view tags) {
  return dialect == Dialect::Sqlite ? " ORDER BY " + tag_order(dialect, tags) : "";
}

bool fits_id(std::int64_t number) { return number == static_cast<std::int32_t>(number); }

std::string insert(std::string_view table, std::initializer_list<std::string_view> columns,
                   std::size_t rows) {
  return insert_rows(table, columns, rows);
}

std::string upsert(Dialect dialect, std::string_view table,
                   std::initializer_list<std::string_view> key,
                   std::initializer_list<std::string_view> values, std::size_t rows) {
  return upsert_rows(dialect, table, key, values, "", rows);
}

std::string upsert_spelled(Dialect dialect, std::string_view table, std::string_view spelled,
                           std::initializer_list<std::string_view> owner,
                           std::initializer_list<std::string_view> values, std::size_t rows) {
  ColumnNames key{spelled};
  key.insert(key.end(), owner);
  return upsert_rows(dialect, table, key, values, spelled, rows);
}

std::string insert_missing(Dialect dialect, std::string_view table,
                           std::initializer_list<std::string_view> columns, std::size_t rows) {
  const std::string same = quoted(*columns.begin());
  return insert_rows(table, columns, rows) +
         (dialect == Dialect::Mysql ? " ON DUPLICATE KEY UPDATE " + same + " = " + same
                                    : " ON CONFLICT DO NOTHING");
}

bool counts_missing(Dialect dialect) { return dialect != Dialect::Mysql; }

std::string upsert_greater(Dialect dialect, std::string_view table,
                           std::initializer_list<std::string_view> key,
                           std::initializer_list<std::string_view> order,
                           std::initializer_list<std::string_view> values, std::size_t rows) {
  ColumnNames columns(key);
  columns.insert(columns.end(), order);
  columns.insert(columns.end(), values);
  const std::string insert = insert_rows(table, columns, rows);
  std::string new_order, old_order, key_columns, changes;
  for (const std::string_view column : order) {
    append(new_order, offered(dialect, column));
    append(old_order, std::string(table) + "." + quoted(column));
  }
  if (dialect == Dialect::Mysql) append(changes, same_spelling(table, *key.begin()));
  const std::string is_greater = "(" + new_order + ") > (" + old_order + ")";
  for (const std::string_view column : key) append(key_columns, quoted(column));
  // MySQL assigns one after the other and compares with what is there by then: the last column of
  // the order has to change first, so that the rest still decides.
  std::reverse(columns.begin() + static_cast<std::ptrdiff_t>(key.size()), columns.end());
  for (std::size_t i = key.size(); i < columns.size(); ++i) {
    const std::string name = quoted(columns[i]);
    std::string value = offered(dialect, columns[i]);
    if (dialect == Dialect::Mysql) value = "IF(" + is_greater + ", " + value + ", " + name + ")";
    append(changes, name + " = " + value);
  }
  if (dialect == Dialect::Mysql) return insert + " ON DUPLICATE KEY UPDATE " + changes;
  return insert + " ON CONFLICT (" + key_columns + ") DO UPDATE SET " + changes + " WHERE " +
         is_greater;
}

}  // namespace millrace
