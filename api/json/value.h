// The room api/json: JSON as Python reads and writes it: text to values and back. May use
// store/text. Knows no entity.
//
// The JSON value of Millrace: nlohmann's ordered_json, with what Python's values have beyond it.
//
// - An integer that int64 cannot hold is a "big integer": a binary value of subtype
//   kBigIntegerSubtype that holds its canonical decimal digits, with '-' where negative. Integers
//   that fit are number_integer. Never a float: Python tells the two apart.
// - Floats may be NaN or infinite. Strings may hold lone surrogates (see store/text/python_text.h).
// - An object is a vector in the order of the text: finding a key is linear.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace millrace {

using Json = nlohmann::ordered_json;

inline constexpr std::uint8_t kBigIntegerSubtype = 1;

// `digits`: canonical decimal text that does not fit int64.
Json big_integer(std::string_view digits);
bool is_big_integer(const Json& value);

// Python's int of any size; a bool is not one.
bool is_integer(const Json& value);

// str(int). Precondition: is_integer.
std::string integer_text(const Json& value);

// float(value) of an int or a float; nothing for other types and where Python's float(int)
// overflows.
std::optional<double> to_double(const Json& value);

// type(value).__name__: str, int, float, bool, list, dict or NoneType.
std::string_view python_type_name(const Json& value);

}  // namespace millrace
