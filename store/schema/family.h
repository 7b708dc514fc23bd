// A family of tables: those that one chain of migrations of MLflow's looks after, and that we make
// as it was recorded from the real MLflow. Several families may lie in one database.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "store/common/sql_dialect.h"

namespace millrace {

// A version of a family's tables. `release` is the first MLflow release that had it, or empty.
struct Revision {
  std::string_view id;
  std::string_view release;
};

// All texts outlive the family.
struct SchemaFamily {
  std::string_view name;           // in messages: "the MLflow schema version"
  std::string_view release;        // that it was recorded from: "MLflow 3.17.2"
  std::string_view upgrade;        // the command that migrates it; the database's URI follows
  std::string_view version_table;  // alembic's, begins with "alembic_version"
  // A table that on MySQL, where no transaction can hold them all, lies beside the others until all
  // are made. Named millrace_..., so that detach() finds it.
  std::string_view unfinished_table;
  std::vector<Revision> revisions;  // the known ones, oldest first, at least one
  // What makes a fresh database of each dialect: statements that each end with ";\n\n". MySQL's
  // have a column a line, the rows behind the definitions, and the revision's row last.
  std::string_view sqlite, mysql, postgresql;
};

using SchemaFamilies = std::vector<const SchemaFamily*>;

// The newest revision, which Millrace needs.
const Revision& head_revision(const SchemaFamily& family);

// The known revision with that id, if there is one.
std::optional<Revision> find_revision(const SchemaFamily& family, std::string_view id);

std::vector<std::string_view> recorded_statements(const SchemaFamily& family, Dialect dialect);

// The columns of the tables that the family has at its head, by table; the version table is one of
// them. They are the same on all dialects.
using RecordedTables = std::map<std::string_view, std::set<std::string_view>>;
RecordedTables recorded_tables(const SchemaFamily& family);

}  // namespace millrace
