#include "store/search/logged_models.h"

#include <algorithm>
#include <array>

#include "store/common/error.h"
#include "store/search/clauses.h"
#include "store/search/statements.h"
#include "store/text/python_text.h"

namespace millrace::search {
namespace {

constexpr std::array<std::string_view, 11> order_columns{"model_id",
                                                         "experiment_id",
                                                         "name",
                                                         "artifact_location",
                                                         "creation_timestamp_ms",
                                                         "last_updated_timestamp_ms",
                                                         "status",
                                                         "lifecycle_stage",
                                                         "model_type",
                                                         "source_run_id",
                                                         "status_message"};
// With all columns no more than 63 terms of ORDER BY, above which SQLite is not to be
// trusted.
constexpr std::size_t most_metrics = 63 - order_columns.size();

bool is_column(std::string_view name) {
  return std::find(order_columns.begin(), order_columns.end(), name) != order_columns.end();
}

// SqlLoggedModel.ALIASES.
std::string_view without_alias(std::string_view name) {
  if (one_of(name, {"creation_time", "creation_timestamp"})) return "creation_timestamp_ms";
  return name == "last_updated_timestamp" ? "last_updated_timestamp_ms" : name;
}

// Python's str.strip(character).
std::string_view strip(std::string_view text, char character) {
  const std::size_t begin = text.find_first_not_of(character);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(character) + 1 - begin);
}

ModelKeyKind kind_of(std::string_view prefix) {
  if (prefix == "attributes") return ModelKeyKind::Attribute;
  if (prefix == "metrics") return ModelKeyKind::Metric;
  if (prefix == "params") return ModelKeyKind::Param;
  if (prefix == "tags") return ModelKeyKind::Tag;
  throw_invalid_parameter("Invalid entity type: " + python::repr(prefix) +
                          ". Expected one of ['attributes', 'metrics', 'params', 'tags'].");
}

std::string_view prefix_of(ModelKeyKind kind) {
  switch (kind) {
    case ModelKeyKind::Attribute:
      return "attributes";
    case ModelKeyKind::Metric:
      return "metrics";
    case ModelKeyKind::Param:
      return "params";
    case ModelKeyKind::Tag:
      return "tags";
  }
  return "";
}

// Entity.from_str: small letters, a dot and something on the same line; all else is an attribute.
void read_key(std::string_view identifier, ModelComparison& comparison) {
  const std::size_t dot = identifier.find('.');
  const std::string_view prefix = identifier.substr(0, dot);
  const bool small = !prefix.empty() && std::all_of(prefix.begin(), prefix.end(),
                                                    [](char c) { return c >= 'a' && c <= 'z'; });
  if (small && dot != std::string_view::npos) {
    std::string_view key = identifier.substr(dot + 1);
    if (key.ends_with('\n')) key.remove_suffix(1);
    if (!key.empty() && key.find('\n') == std::string_view::npos) {
      comparison.kind = kind_of(prefix);
      comparison.key = strip(key, '`');
      return;
    }
  }
  comparison.key = strip(without_alias(identifier), '`');
}

bool is_numeric(const ModelComparison& comparison) {
  if (comparison.kind == ModelKeyKind::Metric) return true;
  return comparison.kind == ModelKeyKind::Attribute &&
         one_of(without_alias(comparison.key),
                {"creation_timestamp_ms", "last_updated_timestamp_ms"});
}

void check_operator(const ModelComparison& comparison, bool numeric) {
  const bool known = numeric ? one_of(comparison.op, {"<", "<=", ">", ">=", "=", "!="})
                             : one_of(comparison.op, {"=", "!=", "LIKE", "ILIKE", "IN", "NOT IN"});
  if (known) return;
  throw_invalid_parameter("Invalid comparison operator for " +
                          std::string(prefix_of(comparison.kind)) + "." + comparison.key + ": " +
                          python::repr(comparison.op) + ". Expected one of " +
                          (numeric ? "('<', '<=', '>', '>=', '=', '!=')."
                                   : "('=', '!=', 'LIKE', 'ILIKE', 'IN', 'NOT IN')."));
}

double number_of(std::string_view text) {
  const std::optional<double> number = python::parse_float(text);
  if (number) return *number;
  throw Error(ErrorCode::InternalError, "could not convert string to float: " + python::repr(text));
}

ModelComparison read_comparison(const Stretch& stretch) {
  if (stretch.parts.size() != 3) {
    throw_invalid_parameter("Invalid comparison: " + stretch.text +
                            ". Expected a comparison with 3 tokens.");
  }
  ModelComparison comparison;
  comparison.op = stretch.upper_op();
  read_key(stretch.parts[0]->text, comparison);
  const bool numeric = is_numeric(comparison);
  check_operator(comparison, numeric);
  const std::string_view value = stretch.parts[2]->text;
  if (numeric) {
    comparison.value = number_of(value);
  } else if (value.starts_with('(') && value.ends_with(')')) {
    comparison.value = parse_literal(value);
  } else {
    comparison.value = std::string(strip(value, '\''));
  }
  return comparison;
}

// MLflow reads an attribute of its Python class, of which the columns are some.
void check_attribute(const ModelComparison& comparison) {
  if (comparison.kind != ModelKeyKind::Attribute || is_column(comparison.key)) return;
  const bool equality = one_of(comparison.op, {"=", "!="});
  if (comparison.key == "experiment" && equality) {
    throw Error(ErrorCode::BadRequest,
                "Mapped instance expected for relationship comparison to object.   Classes, "
                "queries and other SQL elements are not accepted in this context; for comparison "
                "with a subquery, use SqlLoggedModel.experiment.has(**criteria).");
  }
  if (equality && one_of(comparison.key, {"tags", "params", "metrics"})) {
    throw Error(ErrorCode::BadRequest,
                "Can't compare a collection to an object or collection; use contains() to test for "
                "membership.");
  }
  throw Error(ErrorCode::InternalError,
              "type object 'SqlLoggedModel' has no attribute '" + comparison.key + "'");
}

void check_list(const ModelComparison& comparison) {
  const auto* literal = std::get_if<LiteralValue>(&comparison.value);
  if (literal != nullptr && one_of(literal->repr, {"None", "True", "False"}) &&
      one_of(comparison.op, {"LIKE", "ILIKE"})) {
    throw Error(ErrorCode::BadRequest,
                "Only '=', '!=', 'is_()', 'is_not()', 'is_distinct_from()', "
                "'is_not_distinct_from()' operators can be used with None/True/False");
  }
  if (literal == nullptr || !one_of(comparison.op, {"IN", "NOT IN"}) || literal->is_list) return;
  throw Error(ErrorCode::BadRequest,
              "IN expression list, SELECT construct, or bound parameter object expected, got " +
                  literal->repr + ".");
}

[[noreturn]] void refuse_filter(std::string_view filter, std::string_view reason) {
  throw_invalid_parameter("Invalid filter string: " + python::repr(filter) + ". " +
                          std::string(reason));
}

// A list of one text counts as that text's list.
void take_single_text(ModelComparison& comparison) {
  auto* literal = std::get_if<LiteralValue>(&comparison.value);
  if (literal == nullptr || literal->is_list || !literal->storable) return;
  if (std::holds_alternative<std::string>(literal->items.front())) literal->is_list = true;
}

}  // namespace

std::vector<ModelComparison> parse_logged_model_filter(std::string_view filter) {
  std::vector<ModelComparison> comparisons;
  if (filter.empty()) return comparisons;
  const ParsedSql parsed = try_parse_sql(filter);
  if (!parsed.refusal.empty()) {
    refuse_filter(filter, "SQLParseError('" + std::string(parsed.refusal) + "')");
  }
  if (parsed.statements.size() != 1) refuse_filter(filter, "Expected a single SQL expression.");
  for (const Stretch& stretch : split_clauses(*parsed.statements.front())) {
    if (stretch.is_comparison) {
      comparisons.push_back(read_comparison(stretch));
      take_single_text(comparisons.back());
    } else if (!raises_to(python::strip(stretch.text), "AND")) {
      refuse_filter(filter,
                    "Expected a list of comparisons separated by 'AND' "
                    "(e.g. 'metrics.loss > 0.1 AND params.lr = 0.01').");
    }
  }
  for (const ModelComparison& comparison : comparisons) {
    check_attribute(comparison);
    check_list(comparison);
  }
  return comparisons;
}

std::vector<ModelOrderItem> parse_logged_model_order(const std::vector<ModelOrderField>& order_by) {
  std::vector<ModelOrderItem> order;
  std::size_t metrics = 0;
  const auto has = [&order](std::string_view column) {
    return std::any_of(order.begin(), order.end(),
                       [column](const ModelOrderItem& item) { return item.column == column; });
  };
  for (const ModelOrderField& field : order_by) {
    ModelOrderItem item{.column = "",
                        .metric = "",
                        .dataset_name = field.dataset_name,
                        .dataset_digest = field.dataset_digest,
                        .ascending = field.ascending};
    const std::string problem = "Invalid order by field name: " + field.field_name;
    const std::size_t dot = field.field_name.find('.');
    if (dot == std::string::npos) {
      item.column = without_alias(field.field_name);
      if (!is_column(item.column)) throw Error(ErrorCode::AttributeNotFound, problem);
      if (has(item.column)) continue;  // it adds nothing
    } else if (field.field_name.substr(0, dot) == "metrics") {
      item.metric = field.field_name.substr(dot + 1);
      if (++metrics > most_metrics) {
        throw_invalid_parameter("order_by can name at most " + std::to_string(most_metrics) +
                                " metrics.");
      }
    } else {
      throw_invalid_parameter(problem + ". Only metrics are supported.");
    }
    order.push_back(std::move(item));
  }
  const auto add = [&order](std::string_view column, bool ascending) {
    order.push_back({.column = std::string(column),
                     .metric = "",
                     .dataset_name = "",
                     .dataset_digest = "",
                     .ascending = ascending});
  };
  if (!has("creation_timestamp_ms")) add("creation_timestamp_ms", false);
  if (!has("model_id")) add("model_id", true);
  return order;
}

}  // namespace millrace::search
