// Letter case of ASCII text, whatever the locale.
#pragma once

#include <string>
#include <string_view>

namespace millrace {

// `text` with A-Z in lower case; all other bytes stay.
std::string ascii_lower(std::string_view text);

}  // namespace millrace
