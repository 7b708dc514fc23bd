// Python's literals as far as a filter may hold them: texts, bytes, numbers, constants, tuples,
// lists.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/common/value.h"

namespace millrace::search {

// A literal: its repr, and the parts that matter.
struct Literal {
  enum class Kind { Text, Tuple, List, Other } kind = Kind::Other;
  std::string text;            // of a Text
  std::vector<Literal> items;  // of a Tuple or List
  std::string repr;            // of a List or Other
  std::optional<Value> value;  // of an Other that a database can hold
};

// Throws INVALID_PARAMETER_VALUE for a text that is no literal, and for what only Python's compiler
// could tell apart (python_literal.h).
Literal parse_python_literal(std::string_view text);

// Python's repr() of a literal, and of a tuple of these items.
std::string repr(const Literal& literal);
std::string tuple_repr(const std::vector<Literal>& items);

}  // namespace millrace::search
