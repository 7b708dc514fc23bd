// The encoding of a JSON text, as Python's json.detect_encoding finds it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace {

// A JSON text in UTF-8 without byte order mark; lone surrogates stay. `buffer` holds what had to be
// converted; the result views it or `bytes`. UTF-8 is passed on unchecked. Nothing for UTF-16 and
// UTF-32 that Python cannot decode.
std::optional<std::string_view> decode_json_bytes(std::string_view bytes, std::string& buffer);

}  // namespace millrace
