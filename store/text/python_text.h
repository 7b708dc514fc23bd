// The room store/text: text and nothing but text: Python's rules for strings, numbers, paths and
// URIs, encodings, the form of what goes to a log. May use store/common. No file, no database, no
// entity of MLflow's.
//
// Text as Python 3.11 sees it: the rules that MLflow's validators and messages inherit from
// Python's str, int and float. The tables behind it: unicode_tables.h.
// Input and output are UTF-8; a lone surrogate (from JSON escapes) is carried as its three-byte
// form, so that comparing bytes orders as Python orders str. Bytes that are not UTF-8 belong to no
// class of characters and pass through unchanged. All functions are pure, linear and never throw
// (but for memory).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::python {

// Number of code points, len(str).
std::size_t length(std::string_view text);

// str.strip(): Unicode white space off both ends. A view into `text`.
std::string_view strip(std::string_view text);

// str.lower() as Python 3.11 does it.
std::string lower(std::string_view text);

// Whether re's \w matches the code point in a str pattern.
bool is_word(char32_t code_point);

// Decodes the code point at `position` (< size) and moves it past; a byte that is not UTF-8 is
// returned as itself (a value of 0x80 or more of which only one byte was consumed).
char32_t next_code_point(std::string_view text, std::size_t& position);

// Appends the UTF-8 form, of surrogates too. Beyond 0x10FFFF: undefined.
void append_code_point(std::string& text, char32_t code_point);

// repr(str) and repr(bytes).
std::string repr(std::string_view text);
std::string bytes_repr(std::string_view bytes);

// repr(float): shortest digits that round-trip, in Python's form ('1e+16', '1.0', 'inf', 'nan').
// write_float_repr writes it where `at` points and returns its end.
std::string float_repr(double value);
inline constexpr std::size_t kLongestFloatRepr = 32;  // bytes
char* write_float_repr(char* at, double value);

// int(str): blanks around, sign, single underscores, any Unicode decimal digits. Nothing when
// Python would raise ValueError, which includes more than 4300 digits.
struct Int {
  bool fits = true;  // false when beyond int64; then `value` is meaningless
  std::int64_t value = 0;
  std::string digits;  // str(int): canonical decimal text, with '-' where negative
};
std::optional<Int> parse_int(std::string_view text);

// float(str): blanks around, sign, single underscores between digits, any Unicode decimal digits,
// "inf", "infinity" and "nan" in any case; beyond the range inf or 0. Nothing when Python would
// raise ValueError.
std::optional<double> parse_float(std::string_view text);

}  // namespace millrace::python
