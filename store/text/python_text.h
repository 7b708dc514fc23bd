// Text as Python sees it: the rules that MLflow's validators and messages inherit from Python's str, int and float.
// Input and output are UTF-8; a lone surrogate (from JSON escapes) is carried as its three-byte form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::python {

// Number of code points, len(str).
std::size_t length(std::string_view text);

// str.strip(): Unicode white space off both ends.
std::string_view strip(std::string_view text);

// str.lower() as Python 3.11 does it.
std::string lower(std::string_view text);

// Whether re's \w matches the code point in a str pattern.
bool is_word(char32_t code_point);

// Decodes the code point at `position` and moves it past; an invalid byte is returned as itself.
char32_t next_code_point(std::string_view text, std::size_t& position);

// repr(str) and repr(bytes).
std::string repr(std::string_view text);
std::string bytes_repr(std::string_view bytes);

// repr(float): shortest digits that round-trip, in Python's form ('1e+16', '1.0', 'inf', 'nan').
std::string float_repr(double value);

// int(str): blanks around, sign, underscores, any Unicode decimal digits. Nothing when Python would raise ValueError.
struct Int {
  bool fits = true;        // false when beyond int64; then `value` is meaningless
  std::int64_t value = 0;
  std::string digits;      // str(int): canonical decimal text, with '-' where negative
};
std::optional<Int> parse_int(std::string_view text);

}  // namespace millrace::python
