// JSON as Python's json.loads takes it, which is how MLflow reads request bodies and tokens.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "api/json/value.h"

namespace millrace {

// The deepest nesting of lists and objects that is read. The real server gives up a little earlier,
// at Python's recursion limit, with a page for a crash.
inline constexpr std::size_t kMaximumJsonDepth = 1000;

// The most values, nested ones included. A value takes up to a hundred times the memory of its
// text.
inline constexpr std::size_t kMaximumJsonValues = 1'000'000;

// json.loads(bytes): UTF-8, UTF-16 or UTF-32, with a byte order mark or found by the zero bytes;
// lone surrogates, NaN, Infinity and -Infinity, numbers of any size (1e999 is inf; an integer of
// more than 4300 digits is malformed, as in Python); of equal keys the last value counts, in the
// place of the first. Nothing where json.loads raises ValueError.
// Throws INVALID_PARAMETER_VALUE when nested deeper than kMaximumJsonDepth or holding more than
// kMaximumJsonValues values.
// Takes time and memory linear in the text but for sorting the keys of an object.
std::optional<Json> parse_json(std::string_view bytes);

// json.loads(str): the same for a text that is decoded already, such as a JSON string inside JSON.
std::optional<Json> parse_json_text(std::string_view text,
                                    std::size_t maximum_values = kMaximumJsonValues);

}  // namespace millrace
