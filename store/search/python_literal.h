// The lists of a filter, which MLflow reads as Python literals
// (SearchUtils._parse_list_from_sql_token with ast.literal_eval).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/common/value.h"

namespace millrace::search {

// A literal that begins with a parenthesis, as the searches of logged models take it.
struct LiteralValue {
  bool is_list = false;      // a tuple or list
  std::vector<Value> items;  // of the list, or the one that it is; None is NULL, True is 1
  bool storable = true;      // false when some items are missing because no column can hold them
  std::string repr;          // of what is no list
};

// Throws INVALID_PARAMETER_VALUE for what is no literal (see below).
LiteralValue parse_literal(std::string_view text);

// The texts of a list such as ('a', "b" 'c', u'd'): Python's escapes, prefixes, triple quotes and
// adjacent texts; `literal` begins with its parenthesis. A single text counts as a list of one.
// Throws INVALID_PARAMETER_VALUE with MLflow's texts when the list is empty, holds something other
// than texts, or is no literal. What only Python's compiler could tell apart counts as no literal:
// names and other expressions (which make MLflow fail), complex numbers, sets, dicts and \N{...}.
std::vector<std::string> parse_text_list(std::string_view literal);

}  // namespace millrace::search
