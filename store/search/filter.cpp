#include "store/search/filter.h"

#include <algorithm>

#include "store/common/error.h"
#include "store/search/clauses.h"
#include "store/search/python_literal.h"

namespace millrace::search {
namespace {

constexpr std::string_view model_attributes[] = {"name"};
constexpr std::string_view version_attributes[] = {"name", "version_number", "run_id",
                                                   "source_path"};
constexpr std::string_view version_numeric[] = {"version_number", "creation_timestamp",
                                                "last_updated_timestamp"};
constexpr std::string_view version_with_list[] = {"name", "run_id"};

std::string joined_reprs(std::span<const std::string_view> items) {
  std::string text;
  for (const std::string_view item : items) {
    if (!text.empty()) text += ", ";
    text += python::repr(item);
  }
  return text;
}

Operand list_value(const std::string& key, const Token& token, const FilterRules& rules) {
  if (!contains(rules.with_list, key)) {
    throw_invalid_parameter("Only [" + joined_reprs(rules.with_list) +
                            "] attributes support comparison with a list of quoted string values.");
  }
  return parse_text_list(token.text);
}

Operand attribute_value(const std::string& key, const Token& token, const FilterRules& rules) {
  if (is_text_token(token)) return std::string(unquote(token.text));
  if (token.group == Group::Parenthesis) return list_value(key, token, rules);
  if (rules.numeric.empty() || !is_number_token(token)) {
    throw_invalid_parameter(
        "Expected a quoted string value or a list of quoted string values for attributes. Got "
        "value " +
        std::string(token.text));
  }
  if (!contains(rules.numeric, key)) {
    throw_invalid_parameter("Only the '" + set_repr(rules.numeric) +
                            "' attributes support comparison with numeric values.");
  }
  return number_value(token);
}

Comparison read_clause(const Clause& clause, const FilterRules& rules) {
  if (clause.right == nullptr) {
    throw_invalid_parameter("Invalid comparison clause. " + clause.op +
                            " is not supported: expected a comparison with a value.");
  }
  const PrefixedKey identifier = split_prefix(clause.left->text);
  if (identifier.kind == KeyKind::Attribute) require_attribute(identifier.key, rules.attributes);
  Comparison comparison;
  comparison.kind = identifier.kind;
  comparison.key = trim_backticks(strip_quotes(identifier.key));
  comparison.op = clause.op;
  comparison.value = comparison.kind == KeyKind::Tag
                         ? tag_value(*clause.right)
                         : attribute_value(comparison.key, *clause.right, rules);
  return comparison;
}

}  // namespace

const FilterRules registered_model_rules = {model_attributes, {}, model_attributes};
const FilterRules model_version_rules = {version_attributes, version_numeric, version_with_list};

std::vector<Comparison> parse_filter(std::string_view filter, const FilterRules& rules) {
  std::vector<Comparison> comparisons;
  each_clause(filter,
              [&](const Clause& clause) { comparisons.push_back(read_clause(clause, rules)); });
  return comparisons;
}

PrefixedKey split_prefix(std::string_view identifier) {
  const std::size_t dot = identifier.find('.');
  if (dot == std::string_view::npos) return {KeyKind::Attribute, identifier};
  const std::string_view prefix = identifier.substr(0, dot);
  const std::string_view key = identifier.substr(dot + 1);
  if (prefix == "attribute") return {KeyKind::Attribute, key};
  if (prefix == "tag" || prefix == "tags") return {KeyKind::Tag, key};
  throw_invalid_parameter("Invalid entity type '" + std::string(prefix) +
                          "'. Valid entity types are ('attribute', 'tag', 'tags')");
}

void require_attribute(std::string_view key, std::span<const std::string_view> valid) {
  if (contains(valid, key)) return;
  throw_invalid_parameter("Invalid attribute key '" + std::string(key) +
                          "' specified. Valid keys are '" + set_repr(valid) + "'");
}

std::string set_repr(std::span<const std::string_view> items) {
  return "{" + joined_reprs(items) + "}";
}

}  // namespace millrace::search
