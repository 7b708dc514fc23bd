// What a client sent, in a form that a log can hold.
#pragma once

#include <string>
#include <string_view>

namespace millrace {

// `text` on one line: control characters as \xNN, at most 200 bytes of it and then "...".
std::string log_text(std::string_view text);

}  // namespace millrace
