#include "store/search/experiments.h"

#include <algorithm>

#include "store/common/error.h"
#include "store/search/clauses.h"
#include "store/search/python_literal.h"

namespace millrace::search {
namespace {

constexpr std::string_view attributes[] = {"name", "experiment_id", "creation_time",
                                           "last_update_time"};
constexpr std::string_view text_operators[] = {"!=", "=", "LIKE", "ILIKE", "IN", "NOT IN"};
constexpr std::string_view number_operators[] = {">", ">=", "!=", "=", "<", "<="};

bool is_time(std::string_view key) { return key == "creation_time" || key == "last_update_time"; }

// SearchExperimentsUtils._get_identifier.
PrefixedKey read_key(std::string_view identifier) {
  PrefixedKey key = split_prefix(identifier);
  key.key = trim_backticks(strip_quotes(key.key));
  if (key.kind == KeyKind::Attribute) require_attribute(key.key, attributes);
  return key;
}

Operand time_value(const std::string& key, const Token& token) {
  if (is_number_token(token)) return number_value(token);
  throw_invalid_parameter("Expected numeric value type for numeric attribute: " + key + ". Found " +
                          std::string(token.text));
}

Operand text_value(const std::string& key, const Token& token) {
  if (is_text_token(token)) return std::string(unquote(token.text));
  if (token.group != Group::Parenthesis) {
    throw_invalid_parameter("Expected a quoted string value for attributes. Got value " +
                            std::string(token.text));
  }
  if (key != "experiment_id") {
    throw_invalid_parameter(
        "Only ['experiment_id'] attributes support comparison with a list of quoted string "
        "values.");
  }
  return parse_text_list(token.text);
}

Comparison read_clause(const Clause& clause) {
  const PrefixedKey key = read_key(clause.left->text);
  Comparison comparison{key.kind, std::string(key.key), clause.written, {}};
  if (clause.right == nullptr) {
    if (key.kind == KeyKind::Tag) return comparison;
    throw_invalid_parameter(
        "IS NULL / IS NOT NULL is only supported for tags, not for attribute '" + comparison.key +
        "'");
  }
  if (key.kind == KeyKind::Tag) {
    comparison.value = tag_value(*clause.right);
  } else if (is_time(key.key)) {
    comparison.value = time_value(comparison.key, *clause.right);
  } else {
    comparison.value = text_value(comparison.key, *clause.right);
  }
  return comparison;
}

[[noreturn]] void refuse_operator(std::string_view where, const std::string& op) {
  throw_invalid_parameter("Invalid comparator for " + std::string(where) + ": " + op);
}

void check_tag(const Comparison& comparison) {
  static constexpr std::string_view kAllowed[] = {"=",     "!=",      "LIKE",
                                                  "ILIKE", "IS NULL", "IS NOT NULL"};
  if (!contains(kAllowed, comparison.op)) refuse_operator("tag", comparison.op);
}

void check_id(Comparison& comparison) {
  static constexpr std::string_view kAllowed[] = {"=", "!=", "IN", "NOT IN"};
  if (!contains(kAllowed, comparison.op)) refuse_operator("experiment_id", comparison.op);
  const auto canonical = [](const std::string& text) {
    return std::to_string(parse_experiment_id(text));
  };
  if (auto* texts = std::get_if<std::vector<std::string>>(&comparison.value)) {
    std::transform(texts->begin(), texts->end(), texts->begin(), canonical);
  } else {
    comparison.value = canonical(std::get<std::string>(comparison.value));
  }
}

// MLflow's text names the operators of texts here, too, and lacks its last quote.
void check_time(const Comparison& comparison) {
  if (!contains(number_operators, comparison.op)) {
    throw_invalid_parameter("Invalid comparator '" + comparison.op + "' not one of '" +
                            set_repr(text_operators));
  }
  if (const auto* real = std::get_if<double>(&comparison.value)) {
    throw_invalid_parameter("Invalid value for numeric attribute '" + comparison.key +
                            "': " + python::repr(python::float_repr(*real)));
  }
}

void check_name(const Comparison& comparison) {
  if (!contains(text_operators, comparison.op)) {
    throw_invalid_parameter("Invalid comparator '" + comparison.op + "' not one of '" +
                            set_repr(text_operators) + "'");
  }
  if (comparison.op == "IN" || comparison.op == "NOT IN") {
    refuse_operator("string attribute", comparison.op);
  }
}

void check(Comparison& comparison) {
  if (comparison.kind == KeyKind::Tag) return check_tag(comparison);
  if (comparison.key == "experiment_id") return check_id(comparison);
  if (is_time(comparison.key)) return check_time(comparison);
  check_name(comparison);
}

std::vector<OrderItem> parse_order(const std::vector<std::string>& order_by) {
  if (order_by.empty()) return {{"creation_time", false}, {"experiment_id", true}};
  std::vector<OrderItem> order;
  // A column that is there already adds nothing, and databases bound the terms.
  const auto add = [&order](std::string_view column, bool ascending) {
    if (std::none_of(order.begin(), order.end(),
                     [column](const OrderItem& item) { return item.column == column; })) {
      order.push_back({column, ascending});
    }
  };
  for (const std::string& item : order_by) {
    const OrderWords words = parse_order_words(item);
    const PrefixedKey key = read_key(words.key);
    if (key.kind == KeyKind::Tag) throw_invalid_parameter("Invalid order_by entity: tag");
    add(*std::find(std::begin(attributes), std::end(attributes), key.key), words.ascending);
  }
  add("experiment_id", false);
  return order;
}

void add_id_condition(QueryText& text, const Comparison& comparison) {
  const auto add_single = [&](const std::string& id) {
    const auto number = python::parse_int(id);
    if (number && text.dialect() != Dialect::Sqlite) {
      return text.add_comparison("e.experiment_id", comparison.op, *number);
    }
    text.add("e.experiment_id " + comparison.op + " ");
    text.add_value(parse_experiment_id(id));
  };
  const auto* ids = std::get_if<std::vector<std::string>>(&comparison.value);
  if (ids == nullptr) return add_single(std::get<std::string>(comparison.value));
  const bool list = comparison.op.ends_with("IN");
  // Only SQLite's driver refuses a list of one.
  if (!list && (text.dialect() == Dialect::Sqlite || ids->size() != 1)) {
    throw Error(
        ErrorCode::BadRequest,
        "A list of ids can be compared with IN and NOT IN only, not with " + comparison.op + ".");
  }
  if (!list) return add_single(ids->front());
  std::vector<std::int64_t> numbers;
  std::transform(ids->begin(), ids->end(), std::back_inserter(numbers), parse_experiment_id);
  text.add_ids("e.experiment_id", comparison.op, std::move(numbers));
}

void add_tag_condition(QueryText& text, const Comparison& comparison) {
  const bool null_test = comparison.op == "IS NULL" || comparison.op == "IS NOT NULL";
  if (comparison.op == "IS NULL") text.add("NOT ");
  text.add("EXISTS (SELECT 1 FROM experiment_tags t WHERE t.experiment_id = e.experiment_id AND ");
  if (null_test) {
    text.add("t.key = ");
    text.add_value(comparison.key);
  } else {
    text.add_comparison("t.key", "=", comparison.key);
    text.add(" AND ");
    text.add_comparison("t.value", comparison.op, comparison.value);
  }
  text.add(")");
}

void add_condition(QueryText& text, const Comparison& comparison) {
  if (comparison.kind == KeyKind::Tag) return add_tag_condition(text, comparison);
  if (comparison.key == "experiment_id") return add_id_condition(text, comparison);
  text.add_comparison("e." + comparison.key, comparison.op, comparison.value);
}

}  // namespace

std::int64_t parse_experiment_id(std::string_view text) {
  const auto number = python::parse_int(text);
  if (number && number->fits) return number->value;
  throw_invalid_parameter("Invalid experiment ID '" + std::string(text) +
                          "'. Experiment ID must be a " + (number ? "64-bit" : "valid") +
                          " integer.");
}

std::vector<Comparison> parse_experiment_filter(std::string_view filter) {
  std::vector<Comparison> comparisons;
  each_clause(filter, [&](const Clause& clause) { comparisons.push_back(read_clause(clause)); });
  return comparisons;
}

ParsedSearch parse_experiment_search(std::string_view filter,
                                     const std::vector<std::string>& order_by) {
  ParsedSearch search;
  search.filter = parse_experiment_filter(filter);
  for (Comparison& comparison : search.filter) check(comparison);
  search.order = parse_order(order_by);
  return search;
}

Query experiments_query(const ParsedSearch& search, std::string_view columns,
                        std::span<const std::string_view> stages, const Page& page,
                        Dialect dialect) {
  QueryText text(dialect);
  text.add("SELECT ");
  text.add(columns);
  text.add(" FROM experiments e WHERE e.workspace = 'default' AND e.lifecycle_stage IN (");
  for (std::size_t i = 0; i < stages.size(); ++i) {
    if (i > 0) text.add(", ");
    text.add_value(std::string(stages[i]));
  }
  text.add(")");
  std::vector<std::function<void()>> conditions;
  for (const Comparison& comparison : search.filter) {
    conditions.emplace_back([&text, &comparison] { add_condition(text, comparison); });
  }
  if (!conditions.empty()) {
    text.add(" AND ");
    text.add_all(conditions);
  }
  text.add(" ORDER BY " + order_terms(search.order, "e"));
  text.add_page(page);
  return text.take();
}

}  // namespace millrace::search
