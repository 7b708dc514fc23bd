// What the grouping passes do with the parts of a group (sqlparse.sql.TokenList).
// Indexes are as Python's: signed, and a stretch that ends before it begins is empty.
#pragma once

#include <deque>
#include <initializer_list>

#include "store/search/sql_token.h"

namespace millrace::search {

constexpr int no_index = -1;

// Whether this is a keyword of the plain kind, in any case; `words` in upper case.
bool is_keyword_of(const Token& token, std::initializer_list<std::string_view> words);

// The first part behind (before) `index` that is no white space; no_index if there is none.
int next_index(const Token& list, int index);
int previous_index(const Token& list, int index);

// The part at an index, or null for no_index.
Token* part_at(const Token& list, int index);

// The first part behind `index` for which `wanted` holds.
template <class Wanted>
int find_after(const Token& list, int index, Wanted wanted) {
  for (int at = index + 1; at < static_cast<int>(list.parts.size()); ++at) {
    if (wanted(*list.parts[static_cast<std::size_t>(at)])) return at;
  }
  return no_index;
}

// Puts the parts `first` to `last` into a new group, which takes their place. With `extend`, a
// first part that is such a group already takes the others in. Returns the group.
Token* group_parts(Token& list, std::deque<Token>& arena, Group group, int first, int last,
                   bool extend);

// Adds the parts behind `first` up to `last` to the group at `first`, whatever its kind.
void append_to_group(Token& list, int first, int last);

}  // namespace millrace::search
