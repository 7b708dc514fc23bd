// A filter's text to its comparisons, before anybody knows what they mean: which stretches are a
// comparison, and what is left over. The part that MLflow's search utilities share
// (SearchUtils.parse_search_filter, _join_in_comparison_tokens, _validate_comparison).
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "store/search/sql_token.h"

namespace millrace::search {

// A comparison, or a token between comparisons.
struct Stretch {
  std::string text;  // as MLflow prints it
  bool is_comparison = false;
  bool is_and = false;
  std::vector<const Token*> parts;  // of a comparison, without blanks
  std::string op;                   // of a comparison that MLflow joins of several tokens

  // The operator of a comparison of three parts, in upper case.
  std::string upper_op() const;
};

// The stretches of a statement, in order (_join_in_comparison_tokens).
std::vector<Stretch> split_clauses(const Token& statement);

// left op right. `op` is in upper case, with the white space that it has in the text; `written` has
// its own letter case too, except in NOT IN, IS NULL and IS NOT NULL.
struct Clause {
  const Token* left = nullptr;  // an Identifier
  std::string op;
  std::string written;
  const Token* right = nullptr;  // null after IS NULL and IS NOT NULL
};

// How the error of a stretch that is no comparison lists it: the searches of runs quote it.
enum class Leftovers { Plain, Quoted };

// Gives each clause of the filter to `sink`, in order; an empty filter has none. The clause is
// valid during the call only. Throws INVALID_PARAMETER_VALUE with MLflow's texts: before the first
// clause when the filter has several statements or none, or a stretch that is no comparison and not
// AND; in a clause's turn when its left side is no identifier.
void each_clause(std::string_view filter, const std::function<void(const Clause&)>& sink,
                 Leftovers leftovers = Leftovers::Plain);

}  // namespace millrace::search
