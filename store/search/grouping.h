// Groups the tokens of a statement as sqlparse does (sqlparse.engine.grouping): the same groups,
// because MLflow accepts a filter by what they are.
#pragma once

#include <deque>

#include "store/search/sql_token.h"

namespace millrace::search {

inline constexpr std::size_t max_group_tokens = 10'000;

// Groups the parts of `statement` in place; new groups go to the arena. Returns false where
// sqlparse gives up: over 10,000 tokens in one group, over 100 groups in each other.
bool group_statement(Token& statement, std::deque<Token>& arena);

}  // namespace millrace::search
