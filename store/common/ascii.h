// ASCII text, whatever the locale.
#pragma once

#include <string>
#include <string_view>

namespace millrace {

// `text` with A-Z in lower case; all other bytes stay.
std::string ascii_lower(std::string_view text);

// The value of a hexadecimal digit of either case, or -1.
int hex_digit(char c);

}  // namespace millrace
