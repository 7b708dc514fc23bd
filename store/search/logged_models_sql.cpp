// The statement of logged-models/search. MLflow joins a subquery for each comparison of a metric,
// param or tag, which holds a model once at most; here each is an EXISTS.
#include <algorithm>
#include <functional>

#include "store/common/error.h"
#include "store/search/logged_models.h"

namespace millrace::search {
namespace {

constexpr std::size_t most_datasets = 1'000;

bool may_be_null(std::string_view column) {
  return column == "lifecycle_stage" || column == "model_type" || column == "source_run_id" ||
         column == "status_message";
}

// Whether the column holds numbers, which no rule of letter case concerns.
bool is_number_column(std::string_view column) {
  return column == "status" || column == "experiment_id";
}

bool holds_number(const Value& value) {
  return std::holds_alternative<std::int64_t>(value) || std::holds_alternative<double>(value);
}

class ModelSearchText {
 public:
  ModelSearchText(const LoggedModelSearch& search, Dialect dialect)
      : search_(search), text_(dialect) {}

  Query build(std::string_view columns, const Page& page);

 private:
  bool has_metric_comparison() const;
  void add_scope();
  void add_comparison(const ModelComparison& comparison);
  void add_key_row(const ModelComparison& comparison, const std::string& kind);
  void add_point(const ModelComparison& comparison);
  void add_dataset_point();
  void add_datasets();
  void add_dataset(const DatasetPoints& dataset);
  void add_value(const std::string& column, const ModelComparison& comparison, bool is_number);
  void add_literal(const std::string& column, const std::string& op, const LiteralValue& literal,
                   bool is_number);
  void add_order();
  void add_order_value(const ModelOrderItem& item);

  const LoggedModelSearch& search_;
  QueryText text_;
};

Query ModelSearchText::build(std::string_view columns, const Page& page) {
  if (search_.datasets.size() > most_datasets) {
    throw_invalid_parameter("datasets can name at most " + std::to_string(most_datasets) +
                            " datasets.");
  }
  text_.add("SELECT ");
  text_.add(columns);
  text_.add(" FROM logged_models m WHERE ");
  std::vector<std::function<void()>> conditions{[this] { add_scope(); }};
  for (const ModelComparison& comparison : search_.filter) {
    conditions.emplace_back([this, &comparison] { add_comparison(comparison); });
  }
  if (!search_.datasets.empty() && !has_metric_comparison()) {
    conditions.emplace_back([this] { add_dataset_point(); });
  }
  text_.add_all(conditions);
  add_order();
  text_.add_page(page);
  return text_.take();
}

bool ModelSearchText::has_metric_comparison() const {
  return std::any_of(search_.filter.begin(), search_.filter.end(),
                     [](const ModelComparison& one) { return one.kind == ModelKeyKind::Metric; });
}

void ModelSearchText::add_scope() {
  text_.add("m.lifecycle_stage <> 'deleted' AND ");
  if (search_.experiment_ids.empty()) return text_.add("1 = 0");
  text_.add_ids("m.experiment_id", "IN", search_.experiment_ids);
}

void ModelSearchText::add_comparison(const ModelComparison& comparison) {
  switch (comparison.kind) {
    case ModelKeyKind::Attribute:
      return add_value("m." + comparison.key, comparison, is_number_column(comparison.key));
    case ModelKeyKind::Metric:
      return add_point(comparison);
    case ModelKeyKind::Param:
      return add_key_row(comparison, "param");
    case ModelKeyKind::Tag:
      return add_key_row(comparison, "tag");
  }
}

void ModelSearchText::add_key_row(const ModelComparison& comparison, const std::string& kind) {
  text_.add("EXISTS (SELECT 1 FROM logged_model_" + kind +
            "s k WHERE k.model_id = m.model_id AND k." + kind + "_key = ");
  text_.add_value(comparison.key);
  text_.add(" AND ");
  add_value("k." + kind + "_value", comparison, false);
  text_.add(")");
}

void ModelSearchText::add_point(const ModelComparison& comparison) {
  text_.add(
      "EXISTS (SELECT 1 FROM logged_model_metrics p WHERE p.model_id = m.model_id"
      " AND p.metric_name = ");
  text_.add_value(comparison.key);
  text_.add(" AND ");
  add_value("p.metric_value", comparison, true);
  if (!search_.datasets.empty()) {
    text_.add(" AND ");
    add_datasets();
  }
  text_.add(")");
}

void ModelSearchText::add_dataset_point() {
  text_.add("EXISTS (SELECT 1 FROM logged_model_metrics p WHERE p.model_id = m.model_id AND ");
  add_datasets();
  text_.add(")");
}

void ModelSearchText::add_datasets() {
  std::vector<std::function<void()>> choices;
  for (const DatasetPoints& dataset : search_.datasets) {
    choices.emplace_back([this, &dataset] { add_dataset(dataset); });
  }
  text_.add("(");
  text_.add_any(choices);
  text_.add(")");
}

void ModelSearchText::add_dataset(const DatasetPoints& dataset) {
  text_.add("p.dataset_name = ");
  text_.add_value(dataset.name);
  if (!dataset.digest) return text_.add(" AND p.dataset_digest IS NULL");
  text_.add(" AND p.dataset_digest = ");
  text_.add_value(*dataset.digest);
}

void ModelSearchText::add_value(const std::string& column, const ModelComparison& comparison,
                                bool is_number) {
  if (const auto* literal = std::get_if<LiteralValue>(&comparison.value)) {
    return add_literal(column, comparison.op, *literal, is_number);
  }
  const auto* text = std::get_if<std::string>(&comparison.value);
  if (text != nullptr && !is_number) return text_.add_comparison(column, comparison.op, *text);
  if (comparison.op == "ILIKE") {
    text_.add("lower(" + column + ") LIKE lower(");
    text_.add_value(*text);
    return text_.add(")");
  }
  text_.add(column + " " + comparison.op + " ");
  if (text != nullptr) return text_.add_value(*text);
  text_.add_value(std::get<double>(comparison.value));
}

void ModelSearchText::add_literal(const std::string& column, const std::string& op,
                                  const LiteralValue& literal, bool is_number) {
  const bool list_op = op == "IN" || op == "NOT IN";
  const Dialect dialect = text_.dialect();
  // Only SQLite's driver refuses a list of one, and only PostgreSQL to compare texts with numbers.
  const bool single = literal.is_list && !list_op && literal.items.size() == 1;
  const bool typed = dialect == Dialect::Postgresql && !is_number;
  if ((literal.is_list != list_op && (!single || dialect == Dialect::Sqlite)) ||
      !literal.storable ||
      (typed && std::any_of(literal.items.begin(), literal.items.end(), holds_number))) {
    throw Error(ErrorCode::BadRequest,
                "The list in the filter string cannot be compared with " + op + ".");
  }
  if (!list_op) {
    const Value& value = literal.items.front();
    if (const auto* text = std::get_if<std::string>(&value); text != nullptr && !is_number) {
      return text_.add_comparison(column, op, *text);
    }
    if (!std::holds_alternative<std::monostate>(value) || (op != "=" && op != "!=")) {
      text_.add(op == "ILIKE" ? "lower(" + column + ") LIKE " : column + " " + op + " ");
      return text_.add_value(value);
    }
    // MLflow's own statement for letter case on MySQL compares with NULL, which nothing equals.
    if (dialect == Dialect::Mysql && !is_number) return text_.add("1 = 0");
    return text_.add(column + (op == "=" ? " IS NULL" : " IS NOT NULL"));
  }
  if (literal.items.empty()) return text_.add(op == "IN" ? "1 = 0" : "1 = 1");
  text_.add((text_.dialect() == Dialect::Mysql && !is_number ? "BINARY " : "") + column + " " + op +
            " (");
  for (std::size_t i = 0; i < literal.items.size(); ++i) {
    if (i > 0) text_.add(", ");
    text_.add_value(literal.items[i]);
  }
  text_.add(")");
}

// NULL comes last, whatever the direction; MySQL has no words for that.
void ModelSearchText::add_order() {
  const bool mysql = text_.dialect() == Dialect::Mysql;
  text_.add(" ORDER BY ");
  bool first = true;
  for (const ModelOrderItem& item : search_.order) {
    if (!first) text_.add(", ");
    first = false;
    const bool nulls = item.column.empty() || may_be_null(item.column);
    if (nulls && mysql) {
      add_order_value(item);
      text_.add(" IS NULL, ");
    }
    add_order_value(item);
    text_.add(item.ascending ? "" : " DESC");
    if (nulls && !mysql) text_.add(" NULLS LAST");
  }
}

void ModelSearchText::add_order_value(const ModelOrderItem& item) {
  if (!item.column.empty()) return text_.add("m." + item.column);
  text_.add(
      "(SELECT o.metric_value FROM logged_model_metrics o WHERE o.model_id = m.model_id"
      " AND o.metric_name = ");
  text_.add_value(item.metric);
  if (!item.dataset_name.empty()) {
    text_.add(" AND o.dataset_name = ");
    text_.add_value(item.dataset_name);
  }
  if (!item.dataset_digest.empty()) {
    text_.add(" AND o.dataset_digest = ");
    text_.add_value(item.dataset_digest);
  }
  text_.add(" ORDER BY o.metric_timestamp_ms DESC, o.metric_step DESC, o.run_id LIMIT 1)");
}

}  // namespace

Query logged_models_query(const LoggedModelSearch& search, std::string_view columns,
                          const Page& page, Dialect dialect) {
  return ModelSearchText(search, dialect).build(columns, page);
}

}  // namespace millrace::search
