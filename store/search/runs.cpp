#include "store/search/runs.h"

#include <algorithm>
#include <span>

#include "store/common/error.h"
#include "store/search/clauses.h"
#include "store/search/filter.h"
#include "store/search/order_by.h"
#include "store/search/python_literal.h"

namespace millrace::search {
namespace {

using Words = std::span<const std::string_view>;

constexpr std::string_view numeric_attributes[] = {"start_time", "end_time", "created", "Created"};
constexpr std::string_view filter_attributes[] = {
    "artifact_uri", "end_time", "run_id",  "run_name", "start_time", "status",
    "user_id",      "created",  "Created", "run name", "Run name",   "Run Name"};
constexpr std::string_view order_attributes[] = {"artifact_uri", "end_time",   "run_id",
                                                 "run_name",     "start_time", "status",
                                                 "user_id",      "created",    "Created"};
constexpr std::string_view dataset_attributes[] = {"name", "digest", "context"};

// Each is two terms of ORDER BY, and two more follow. SQLite crashes at 64 terms beside joins.
constexpr std::size_t most_order_keys = 30;

constexpr std::string_view number_operators[] = {">", ">=", "!=", "=", "<", "<="};
constexpr std::string_view key_operators[] = {"!=", "=", "LIKE", "ILIKE", "IS NULL", "IS NOT NULL"};
constexpr std::string_view text_operators[] = {"!=", "=", "LIKE", "ILIKE", "IN", "NOT IN"};

bool contains(Words items, std::string_view wanted) {
  return std::find(items.begin(), items.end(), wanted) != items.end();
}

// The names of one kind of key, and the one by which texts call it.
struct KindNames {
  RunKeyKind kind;
  std::string_view name;
  std::vector<std::string_view> aliases;
};

const std::vector<KindNames>& kinds() {
  static const std::vector<KindNames> all = {
      {RunKeyKind::Metric, "metric", {"metrics"}},
      {RunKeyKind::Param, "parameter", {"parameters", "param", "params"}},
      {RunKeyKind::Tag, "tag", {"tags"}},
      {RunKeyKind::Attribute, "attribute", {"attr", "attributes", "run"}},
      {RunKeyKind::Dataset, "dataset", {"datasets"}}};
  return all;
}

std::string name_of(RunKeyKind kind) {
  const auto found = std::find_if(kinds().begin(), kinds().end(),
                                  [&](const KindNames& names) { return names.kind == kind; });
  return std::string(found->name);
}

// SearchUtils._valid_entity_type.
RunKeyKind kind_of(std::string_view prefix) {
  const std::string_view word = trim_backticks(prefix);
  for (const KindNames& names : kinds()) {
    if (names.name == word || contains(names.aliases, word)) return names.kind;
  }
  throw_invalid_parameter(
      "Invalid entity type '" + std::string(word) +
      "'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']");
}

// SearchUtils._get_identifier; the key is not translated yet.
RunKey parse_key(std::string_view identifier, Words attributes) {
  RunKey key;
  const std::size_t dot = identifier.find('.');
  if (dot != std::string_view::npos) {
    key.kind = kind_of(identifier.substr(0, dot));
    identifier.remove_prefix(dot + 1);
  }
  key.name = trim_backticks(strip_quotes(identifier));
  if (key.kind == RunKeyKind::Attribute) require_attribute(key.name, attributes);
  if (key.kind == RunKeyKind::Dataset && !contains(dataset_attributes, key.name)) {
    throw_invalid_parameter("Invalid dataset key '" + key.name + "' specified. Valid keys are '" +
                            set_repr(dataset_attributes) + "'");
  }
  return key;
}

// SearchUtils.translate_key_alias, which does not ask for the kind.
void translate_alias(RunKey& key) {
  if (key.name == "created" || key.name == "Created") key.name = "start_time";
  if (key.name == "run name" || key.name == "Run name" || key.name == "Run Name") {
    key.name = "run_name";
  }
}

Operand number_attribute(const std::string& key, const Token& token) {
  if (is_number_token(token)) return number_value(token);
  throw_invalid_parameter("Expected numeric value type for numeric attribute: " + key + ". Found " +
                          std::string(token.text));
}

Operand text_attribute(const std::string& key, const Token& token) {
  if (is_text_token(token)) return std::string(unquote(token.text));
  if (token.group != Group::Parenthesis) {
    throw_invalid_parameter("Expected a quoted string value for attributes. Got value " +
                            std::string(token.text));
  }
  if (key != "run_id") {
    throw_invalid_parameter(
        "Only ['run_id'] attributes support comparison with a list of quoted string values.");
  }
  return parse_text_list(token.text);
}

// SearchUtils._get_value.
Operand parse_value(const RunKey& key, const Token& token) {
  switch (key.kind) {
    case RunKeyKind::Metric:
      if (is_number_token(token)) return real_value(token);
      throw_invalid_parameter("Expected numeric value type for metric. Found " +
                              std::string(token.text));
    case RunKeyKind::Param:
    case RunKeyKind::Tag:
      if (is_text_token(token)) return std::string(unquote(token.text));
      throw_invalid_parameter("Expected a quoted string value for " + name_of(key.kind) +
                              " (e.g. 'my-value'). Got value " + std::string(token.text));
    case RunKeyKind::Attribute:
      return contains(numeric_attributes, key.name) ? number_attribute(key.name, token)
                                                    : text_attribute(key.name, token);
    case RunKeyKind::Dataset:
      break;
  }
  if (is_text_token(token)) return std::string(unquote(token.text));
  if (token.group == Group::Parenthesis) return parse_text_list(token.text);
  throw_invalid_parameter("Expected a quoted string value for dataset attributes. Got value " +
                          std::string(token.text));
}

// SearchUtils._get_comparison.
RunComparison parse_clause(const Clause& clause) {
  RunComparison comparison;
  RunKey& key = comparison.key;
  key = parse_key(clause.left->text, filter_attributes);
  comparison.op = clause.op;
  if (clause.right != nullptr) {
    comparison.value = parse_value(key, *clause.right);
  } else if (key.kind != RunKeyKind::Tag && key.kind != RunKeyKind::Param) {
    throw_invalid_parameter(
        "IS NULL / IS NOT NULL is only supported for tags and params, not for '" +
        name_of(key.kind) + "' '" + key.name + "'");
  }
  translate_alias(key);
  return comparison;
}

// SearchUtils.is_metric, is_param and the like. Some of MLflow's texts lack the last quote, and
// that on numeric attributes names the operators of the others.
void check_operator(const RunComparison& comparison) {
  Words valid = text_operators;
  Words named = text_operators;
  std::string_view end;
  switch (comparison.key.kind) {
    case RunKeyKind::Metric:
      valid = named = number_operators;
      break;
    case RunKeyKind::Param:
      valid = named = key_operators;
      end = "'";
      break;
    case RunKeyKind::Tag:
      valid = named = key_operators;
      break;
    case RunKeyKind::Attribute:
      if (contains(numeric_attributes, comparison.key.name)) {
        valid = number_operators;
      } else {
        end = "'";
      }
      break;
    case RunKeyKind::Dataset:
      break;
  }
  if (contains(valid, comparison.op)) return;
  throw_invalid_parameter("Invalid comparator '" + comparison.op + "' not one of '" +
                          set_repr(named) + std::string(end));
}

// _get_orderby_clauses.
std::vector<RunOrderItem> parse_order(const std::vector<std::string>& order_by) {
  std::vector<RunOrderItem> order;
  for (const std::string& text : order_by) {
    const OrderWords words = parse_order_words(text);
    RunKey key = parse_key(words.key, order_attributes);
    translate_alias(key);
    if (key.kind == RunKeyKind::Dataset) {
      throw_invalid_parameter("Invalid identifier type 'dataset'");
    }
    const bool known = std::any_of(order.begin(), order.end(), [&](const RunOrderItem& item) {
      return item.key.kind == key.kind && item.key.name == key.name;
    });
    if (known) refuse_duplicate_order(order_by);
    if (order.size() == most_order_keys) {
      throw_invalid_parameter("order_by can name at most " + std::to_string(most_order_keys) +
                              " keys.");
    }
    order.push_back({std::move(key), words.ascending});
  }
  return order;
}

}  // namespace

RunSearch parse_run_search(std::string_view filter, const std::vector<std::string>& order_by) {
  RunSearch search;
  each_clause(
      filter, [&](const Clause& clause) { search.filter.push_back(parse_clause(clause)); },
      Leftovers::Quoted);
  search.order = parse_order(order_by);
  for (const RunComparison& comparison : search.filter) check_operator(comparison);
  return search;
}

}  // namespace millrace::search
