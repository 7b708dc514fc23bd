// A filter's text to its comparisons, before anybody knows what they mean: which stretches are a
// comparison, and what is left over. The part that MLflow's search utilities share
// (SearchUtils.parse_search_filter, _join_in_comparison_tokens, _validate_comparison).
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "store/search/sql_token.h"

namespace millrace::search {

// left op right. `op` is in upper case, with the white space that it has in the text.
struct Clause {
  const Token* left = nullptr;  // an Identifier
  std::string op;
  const Token* right = nullptr;  // null after IS NULL and IS NOT NULL
};

// Gives each clause of the filter to `sink`, in order; an empty filter has none. The clause is
// valid during the call only. Throws INVALID_PARAMETER_VALUE with MLflow's texts: before the first
// clause when the filter has several statements or none, or a stretch that is no comparison and not
// AND; in a clause's turn when its left side is no identifier.
void each_clause(std::string_view filter, const std::function<void(const Clause&)>& sink);

}  // namespace millrace::search
