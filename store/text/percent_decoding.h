// Percent-encoding and -decoding as Python's urllib.parse does it, the latter once or until nothing
// changes. Pure; input and output are UTF-8; a lone surrogate passes through.
#pragma once

#include <string>
#include <string_view>

namespace millrace {

// urllib.parse.unquote: "%41" becomes "A", a "%" without two hexadecimal digits stays, decoded
// bytes that are not UTF-8 become U+FFFD.
std::string unquote(std::string_view text);

// urllib.parse.quote: letters and digits of ASCII and what is in `kept` stay, each other byte
// becomes "%2F".
std::string quote(std::string_view text, std::string_view kept);

enum class Plus { Kept, IsSpace };

// What calling unquote (or, with Plus::IsSpace, unquote_plus) again and again ends with: "%252e" is
// ".". Linear in the size of `text`, where the loop is quadratic for deeply nested escapes.
std::string unquote_fully(std::string_view text, Plus plus);

}  // namespace millrace
