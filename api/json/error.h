// Why Python refuses a JSON text, in the words of its json.JSONDecodeError.
#pragma once

#include <string>
#include <string_view>

namespace millrace {

// Whether the bytes decode as UTF-8, strictly.
bool is_utf8(std::string_view bytes);

// str(error) of json.loads(text): "Expecting value: line 1 column 1 (char 0)". The text is UTF-8
// that json.loads refuses; nested deeper than kMaximumJsonDepth, the position is that depth's.
std::string python_json_error(std::string_view text);

}  // namespace millrace
