// The strings of a Python literal: prefixes, triple quotes, escapes, strings side by side.
#pragma once

#include <optional>
#include <string>

#include "store/search/literal_cursor.h"

namespace millrace::search {

struct LiteralString {
  bool bytes = false;  // b'...'
  std::string value;
};

// Reads what stands at the cursor and the blanks behind it; nothing when no string begins here.
// Throws INVALID_PARAMETER_VALUE for a string that does not end, has a wrong escape or \N{...}, and
// for a text beside bytes.
std::optional<LiteralString> take_strings(LiteralCursor& cursor);

}  // namespace millrace::search
