#include "store/schema/mlflow_family.h"

#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>
#include <string>

#include "store/search/indexes.h"

namespace millrace::mlflow_family_test {
namespace {

std::vector<std::smatch> matches(const std::string& text, const char* pattern) {
  const std::regex regex(pattern);
  return {std::sregex_iterator(text.begin(), text.end(), regex), std::sregex_iterator()};
}

// "table.column" of all CREATE TABLE statements of a server's dialect, which are one column a line.
std::set<std::string> recorded_columns(Dialect dialect) {
  std::set<std::string> columns;
  for (const std::string_view statement : recorded_statements(mlflow_family(), dialect)) {
    const std::string text(statement);
    const auto table = matches(text, "^CREATE TABLE `?(\\w+)`? \\(");
    if (table.empty()) continue;
    for (const auto& column :
         matches(text, dialect == Dialect::Mysql ? "\n  `(\\w+)` " : "\n    \"?([a-z]\\w*)\"? ")) {
      columns.insert(table[0].str(1) + "." + column.str(1));
    }
  }
  return columns;
}

TEST(Revisions, EndAtTheHeadThatTheRecordedRowsHave) {
  EXPECT_EQ(head_revision(mlflow_family()).id, "dc11669786a5");
  EXPECT_EQ(find_revision(mlflow_family(), "451aebb31d03").value().release, "1.0.0");
  EXPECT_EQ(find_revision(mlflow_family(), "1bd49d398cd23").value().release, "3.8.0");
  EXPECT_FALSE(find_revision(mlflow_family(), "ffffffffffff").has_value());
  EXPECT_FALSE(find_revision(mlflow_family(), "").has_value());
}

TEST(RecordedSchema, HasTheSameColumnsOnBothServers) {
  const auto columns = recorded_columns(Dialect::Mysql);
  EXPECT_GT(columns.size(), 300U);
  EXPECT_EQ(columns, recorded_columns(Dialect::Postgresql));
}

// What table_check.cpp relies on.
TEST(RecordedSchema, IsReadToTheLastColumn) {
  std::set<std::string> read;
  for (const auto& [table, columns] : recorded_tables(mlflow_family())) {
    for (const std::string_view column : columns)
      read.insert(std::string(table) + "." + std::string(column));
  }
  EXPECT_EQ(read, recorded_columns(Dialect::Mysql));
}

TEST(RecordedSchema, EndsWithTheRevisionOnMysql) {
  EXPECT_EQ(recorded_statements(mlflow_family(), Dialect::Mysql).back(),
            "INSERT INTO `alembic_version` (`version_num`) VALUES ('" +
                std::string(head_revision(mlflow_family()).id) + "')");
}

// InnoDB would drop MLflow's own index of the foreign key, and later refuse to drop ours.
TEST(AdditiveIndexes, DoNotBeginWithAForeignKeyOnMysql) {
  std::multimap<std::string, std::string> foreign_keys;
  for (const std::string_view statement : recorded_statements(mlflow_family(), Dialect::Mysql)) {
    const std::string text(statement);
    const auto table = matches(text, "^CREATE TABLE `(\\w+)`");
    for (const auto& key : matches(text, "FOREIGN KEY \\(([^)]*)\\)")) {
      foreign_keys.emplace(table.at(0).str(1),
                           std::regex_replace(key.str(1), std::regex("`"), "") + ",");
    }
  }
  EXPECT_GT(foreign_keys.size(), 30U);
  for (const search::Index& index : search::indexes(Dialect::Mysql)) {
    const auto parts = matches(index.statement, "^CREATE INDEX (\\w+) ON (\\w+) \\((.*)\\)$");
    ASSERT_EQ(parts.size(), 1U) << index.statement;
    EXPECT_EQ(parts[0].str(1), index.name);
    const std::string columns = parts[0].str(3) + ",";
    const auto [first, last] = foreign_keys.equal_range(parts[0].str(2));
    for (auto key = first; key != last; ++key) {
      EXPECT_FALSE(columns.starts_with(key->second)) << index.statement;
    }
  }
}

TEST(AdditiveIndexes, AreNamedSoThatDetachFindsThem) {
  for (const Dialect dialect : {Dialect::Sqlite, Dialect::Mysql, Dialect::Postgresql}) {
    for (const search::Index& index : search::indexes(dialect)) {
      EXPECT_TRUE(index.name.starts_with("millrace_")) << index.name;
    }
  }
}

}  // namespace
}  // namespace millrace::mlflow_family_test
