// The groupings of sqlparse that have a way of their own; each works on the parts of one group.
#pragma once

#include <deque>

#include "store/search/sql_token.h"

namespace millrace::search {

using Arena = std::deque<Token>;
using Pass = void (*)(Token& list, Arena& arena);

void group_comments(Token& list, Arena& arena);
void group_over(Token& list, Arena& arena);
void group_functions(Token& list, Arena& arena);
void group_where(Token& list, Arena& arena);
void group_identifiers(Token& list, Arena& arena);
void group_order(Token& list, Arena& arena);
void group_aliased(Token& list, Arena& arena);
void align_comments(Token& list, Arena& arena);
void group_values(Token& list, Arena& arena);

}  // namespace millrace::search
