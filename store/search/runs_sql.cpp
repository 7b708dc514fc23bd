// The statement of runs/search. Each comparison of a metric, param, tag or dataset is an EXISTS of
// its own: MLflow joins a row for each and takes the runs once.
#include <algorithm>
#include <functional>
#include <span>
#include <string>

#include "store/search/runs.h"

namespace millrace::search {
namespace {

std::string_view table_of(RunKeyKind kind) {
  if (kind == RunKeyKind::Metric) return "latest_metrics";
  return kind == RunKeyKind::Param ? "params" : "tags";
}

std::string attribute_column(const std::string& key) {
  if (key == "run_id") return "r.run_uuid";
  if (key == "run_name") return "r.name";
  return "r." + key;
}

class RunSearchText {
 public:
  RunSearchText(const RunSearch& search, const RunScope& scope, Dialect dialect)
      : search_(search), scope_(scope), text_(dialect) {}

  Query build(std::string_view columns, const Page& page);

 private:
  using Condition = std::function<void()>;

  void add_joins();
  void add_scope();
  void add_comparison(const RunComparison& comparison);
  void add_key_row(const RunComparison& comparison);
  void add_value(const RunComparison& comparison);
  void add_null_test(const RunComparison& comparison);
  void add_dataset(const RunComparison& comparison);
  void add_order();

  const RunSearch& search_;
  const RunScope& scope_;
  QueryText text_;
};

Query RunSearchText::build(std::string_view columns, const Page& page) {
  text_.add("SELECT ");
  text_.add(columns);
  text_.add(" FROM runs r");
  add_joins();
  std::vector<Condition> conditions{[this] { add_scope(); }};
  for (const RunComparison& comparison : search_.filter) {
    conditions.push_back([this, &comparison] { add_comparison(comparison); });
  }
  text_.add(" WHERE ");
  text_.add_all(conditions);
  add_order();
  text_.add_page(page);
  return text_.take();
}

// What is sorted by and lies in another table: o0 for the first item of order_by, and so on.
void RunSearchText::add_joins() {
  for (std::size_t i = 0; i < search_.order.size(); ++i) {
    const RunKey& key = search_.order[i].key;
    if (key.kind == RunKeyKind::Attribute) continue;
    const std::string alias = "o" + std::to_string(i);
    text_.add(" LEFT JOIN ");
    text_.add(table_of(key.kind));
    text_.add(" " + alias + " ON " + alias + ".run_uuid = r.run_uuid AND " + alias + ".key = ");
    text_.add_value(key.name);
  }
}

// A single value is compared with =, which lets an index give the runs in their order.
void RunSearchText::add_scope() {
  // The sign keeps SQLite from going through all runs of an experiment for a few that are named.
  const bool named =
      std::any_of(search_.filter.begin(), search_.filter.end(), [](const RunComparison& one) {
        return one.key.kind == RunKeyKind::Attribute && one.key.name == "run_id" &&
               (one.op == "=" || one.op == "IN");
      });
  if (named && text_.dialect() == Dialect::Sqlite) text_.add("+");
  text_.add_ids("r.experiment_id", "IN", scope_.experiment_ids);
  const auto& stages = scope_.stages;
  text_.add(" AND r.lifecycle_stage");
  text_.add(stages.size() == 1 ? " = " : " IN (");
  for (std::size_t i = 0; i < stages.size(); ++i) {
    if (i > 0) text_.add(", ");
    text_.add_value(std::string(stages[i]));
  }
  if (stages.size() != 1) text_.add(")");
}

void RunSearchText::add_comparison(const RunComparison& comparison) {
  const RunKey& key = comparison.key;
  if (comparison.op == "IS NULL" || comparison.op == "IS NOT NULL") {
    add_null_test(comparison);
  } else if (key.kind == RunKeyKind::Dataset) {
    add_dataset(comparison);
  } else if (key.kind == RunKeyKind::Attribute && key.name != "run_name") {
    text_.add_comparison(attribute_column(key.name), comparison.op, comparison.value);
  } else {
    add_key_row(comparison);
  }
}

// The name of a run is compared as its tag: the column is empty in old databases.
void RunSearchText::add_key_row(const RunComparison& comparison) {
  const bool name = comparison.key.kind == RunKeyKind::Attribute;
  text_.add("EXISTS (SELECT 1 FROM ");
  text_.add(table_of(comparison.key.kind));
  text_.add(" f WHERE f.run_uuid = r.run_uuid AND ");
  text_.add_comparison("f.key", "=", name ? "mlflow.runName" : comparison.key.name);
  text_.add(" AND ");
  add_value(comparison);
  text_.add(")");
}

// NaN is stored as 0 with a mark, and unequal to every number.
void RunSearchText::add_value(const RunComparison& comparison) {
  if (comparison.key.kind != RunKeyKind::Metric) {
    return text_.add_comparison("f.value", comparison.op, comparison.value);
  }
  text_.add("(");
  text_.add_comparison("f.value", comparison.op, comparison.value);
  text_.add(comparison.op == "!=" ? " OR f.is_nan = TRUE)" : " AND f.is_nan = FALSE)");
}

void RunSearchText::add_null_test(const RunComparison& comparison) {
  text_.add(comparison.op == "IS NULL" ? "NOT EXISTS (" : "EXISTS (");
  text_.add("SELECT 1 FROM ");
  text_.add(table_of(comparison.key.kind));
  text_.add(" f WHERE f.run_uuid = r.run_uuid AND f.key = ");
  text_.add_value(comparison.key.name);
  text_.add(")");
}

void RunSearchText::add_dataset(const RunComparison& comparison) {
  const bool context = comparison.key.name == "context";
  text_.add("EXISTS (SELECT 1 FROM inputs i JOIN datasets d ON d.dataset_uuid = i.source_id");
  if (context) text_.add(" JOIN input_tags c ON c.input_uuid = i.input_uuid");
  text_.add(" WHERE i.destination_type = 'RUN' AND i.destination_id = r.run_uuid AND ");
  if (context) text_.add("c.name = 'mlflow.data.context' AND ");
  text_.add_comparison(context ? "c.value" : "d." + comparison.key.name, comparison.op,
                       comparison.value);
  text_.add(")");
}

// Rows without the value come last in both directions, NaN before them; MySQL knows no NULLS LAST.
void RunSearchText::add_order() {
  text_.add(" ORDER BY ");
  bool by_start = false;
  for (std::size_t i = 0; i < search_.order.size(); ++i) {
    const RunOrderItem& item = search_.order[i];
    const bool attribute = item.key.kind == RunKeyKind::Attribute;
    by_start = by_start || (attribute && item.key.name == "start_time");
    const std::string alias = "o" + std::to_string(i);
    const std::string value = attribute ? attribute_column(item.key.name) : alias + ".value";
    text_.add("CASE ");
    if (item.key.kind == RunKeyKind::Metric) text_.add("WHEN " + alias + ".is_nan = TRUE THEN 1 ");
    text_.add("WHEN " + value + " IS NULL THEN 2 ELSE 0 END, " + value);
    text_.add(item.ascending ? ", " : " DESC, ");
  }
  text_.add(by_start ? "r.run_uuid" : "r.start_time DESC, r.run_uuid");
}

}  // namespace

Query runs_query(const RunSearch& search, const RunScope& scope, std::string_view columns,
                 const Page& page, Dialect dialect) {
  return RunSearchText(search, scope, dialect).build(columns, page);
}

}  // namespace millrace::search
