// The lists of a filter, which MLflow reads as Python literals
// (SearchUtils._parse_list_from_sql_token with ast.literal_eval).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace::search {

// The texts of a list such as ('a', "b" 'c', u'd'): Python's escapes, prefixes, triple quotes and
// adjacent texts; `literal` begins with its parenthesis. A single text counts as a list of one.
// Throws INVALID_PARAMETER_VALUE with MLflow's texts when the list is empty, holds something other
// than texts, or is no literal. What only Python's compiler could tell apart counts as no literal:
// names and other expressions (which make MLflow fail), complex numbers, sets, dicts and \N{...}.
std::vector<std::string> parse_text_list(std::string_view literal);

}  // namespace millrace::search
