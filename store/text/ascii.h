// ASCII text, whatever the locale.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace millrace {

// `text` with A-Z in lower case; all other bytes stay.
std::string ascii_lower(std::string_view text);

inline bool is_ascii(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

inline bool is_ascii_digit(char c) { return c >= '0' && c <= '9'; }

// The value of a hexadecimal digit of either case, or -1.
int hex_digit(char c);

}  // namespace millrace
