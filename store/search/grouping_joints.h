// Groups around a token in the middle, as in a.b, a::b, a = b: what sqlparse's grouping functions
// that end in _group ask of the tokens.
#pragma once

#include <span>
#include <utility>

#include "store/search/sql_token.h"

namespace millrace::search {

using Range = std::pair<int, int>;  // indexes of the first part and the last

struct Joint {
  Group group;
  bool (*matches)(const Token&);      // the token in the middle
  bool (*valid_left)(const Token&);   // what may stand before it
  bool (*valid_right)(const Token*);  // what may stand behind it; null is nothing
  Range (*range)(const Token& list, int left, int at, int right);  // what the group takes
  bool extend;       // a left side that is such a group already takes the others in
  bool into_groups;  // groups inside are searched too
};

// In sqlparse's order; groups of other kinds come between.
extern const Joint period_joint;
extern const Joint array_joint;
extern const std::span<const Joint> value_joints;  // casts to aliases
extern const Joint assignment_joint;
extern const Joint list_joint;

}  // namespace millrace::search
