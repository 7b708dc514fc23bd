// The filter language of the registry's searches: text to comparisons, with MLflow's checks and
// texts (SearchModelUtils and SearchModelVersionUtils).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/search/operand.h"

namespace millrace::search {

enum class KeyKind { Attribute, Tag };

// One comparison: all of a filter's must hold.
struct Comparison {
  KeyKind kind = KeyKind::Attribute;
  std::string key;
  std::string op;  // upper case; not checked yet against those that the key allows
  Operand value;
};

// What the filters of an entity may name. Texts list the keys in this order.
struct FilterRules {
  std::span<const std::string_view> attributes;
  std::span<const std::string_view> numeric;    // may be compared with numbers; empty: none may
  std::span<const std::string_view> with_list;  // may be compared with a list; sorted
};

extern const FilterRules registered_model_rules;
extern const FilterRules model_version_rules;

// The comparisons of a filter in their order; none for an empty one. Throws
// INVALID_PARAMETER_VALUE.
std::vector<Comparison> parse_filter(std::string_view filter, const FilterRules& rules);

// A key of a filter or order_by: `key`, attribute.key, tag.key or tags.key, split at the first dot.
// The key is as written. Throws INVALID_PARAMETER_VALUE for another prefix.
struct PrefixedKey {
  KeyKind kind = KeyKind::Attribute;
  std::string_view key;
};
PrefixedKey split_prefix(std::string_view identifier);

// "Invalid attribute key ..." unless `key` is one of `valid`.
void require_attribute(std::string_view key, std::span<const std::string_view> valid);

// A set as Python prints it: {'a', 'b'}.
std::string set_repr(std::span<const std::string_view> items);

}  // namespace millrace::search
