#include "store/search/indexes.h"

namespace millrace::search {
namespace {

// `columns` in standard SQL; {value} is the beginning of a tag's value, which may be a whole
// prompt.
struct Columns {
  std::string_view name;
  std::string_view table;
  std::string_view columns;
  // Where they differ on MySQL and MariaDB: there an index that begins with a foreign key's columns
  // would take the place of MLflow's own index, for good. "-": none.
  std::string_view mysql_columns = "";
};

// The workspace comes first because SQLite, without statistics, takes the index with the most
// columns that are given. The one on run_id has none: it would be taken as a way to all rows.
constexpr Columns kColumns[] = {
    {"millrace_registered_models_last_updated", "registered_models",
     "workspace, last_updated_time DESC, name"},
    {"millrace_registered_model_tags_value", "registered_model_tags",
     "workspace, {key}, {value}, name"},
    {"millrace_model_versions_last_updated", "model_versions",
     "workspace, last_updated_time DESC, name, version DESC"},
    {"millrace_model_versions_run_id", "model_versions", "run_id"},
    {"millrace_model_version_tags_value", "model_version_tags",
     "workspace, {key}, {value}, name, version"},
    {"millrace_logged_models_experiment", "logged_models",
     "experiment_id, creation_timestamp_ms DESC, model_id",
     "lifecycle_stage, experiment_id, creation_timestamp_ms DESC, model_id"},
    {"millrace_runs_experiment", "runs",
     "experiment_id, lifecycle_stage, start_time DESC, run_uuid",
     "lifecycle_stage, experiment_id, start_time DESC, run_uuid"},
    {"millrace_experiment_tags_id", "experiment_tags", "experiment_id", "-"},
    // The lowest and the highest version of a stage, for the latest versions; with the workspace,
    // so that no row is read for it.
    {"millrace_model_versions_stage", "model_versions", "name, current_stage, workspace, version"},
};

void replace(std::string& text, std::string_view word, std::string_view by) {
  const std::size_t at = text.find(word);
  if (at != std::string::npos) text.replace(at, word.size(), by);
}

// Empty where there is none on this dialect.
std::string statement_of(const Columns& index, Dialect dialect) {
  const bool mysql = dialect == Dialect::Mysql;
  std::string columns(mysql && !index.mysql_columns.empty() ? index.mysql_columns : index.columns);
  if (columns == "-") return "";
  replace(columns, "{key}", mysql ? "`key`" : "key");
  replace(columns, "{value}", mysql ? "value(64)" : "substr(value, 1, 64)");
  return "CREATE INDEX " + std::string(index.name) + " ON " + std::string(index.table) + " (" +
         columns + ")";
}

}  // namespace

std::vector<Index> indexes(Dialect dialect) {
  std::vector<Index> result;
  for (const Columns& index : kColumns) {
    std::string statement = statement_of(index, dialect);
    if (!statement.empty()) result.push_back({index.name, std::move(statement)});
  }
  return result;
}

}  // namespace millrace::search
