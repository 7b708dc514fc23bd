#include "store/schema/table_check.h"

#include "store/schema/catalog.h"

namespace millrace {
namespace {

std::string of_table(std::string_view table, std::string_view column) {
  return std::string(table) + "." + std::string(column);
}

std::string obstacle_in(const Columns& found, const SchemaFamily& family, TableUse use) {
  for (const auto& [table, columns] : recorded_tables(family)) {
    const auto there = found.find(table);
    if (there == found.end()) return "it has no table " + std::string(table);
    for (const std::string_view column : columns) {
      if (!there->second.contains(column)) return "it has no column " + of_table(table, column);
    }
    if (use == TableUse::Reading) continue;
    for (const auto& [column, required] : there->second) {
      if (required && !columns.contains(column)) {
        return "its column " + of_table(table, column) + " must be given a value";
      }
    }
  }
  return "";
}

}  // namespace

std::string find_obstacle(Session& session, Dialect dialect, const SchemaFamily& family,
                          TableUse use) {
  return obstacle_in(columns_of(session, dialect), family, use);
}

std::string find_obstacle(Administration& db, const SchemaFamily& family, TableUse use) {
  return obstacle_in(columns_of(db), family, use);
}

}  // namespace millrace
