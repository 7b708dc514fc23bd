// The page tokens of the searches: base64 of the JSON text {"offset": N}
// (SearchUtils.create_page_token and parse_start_offset_from_page_token).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/json/value.h"

namespace millrace {

std::string base64_encode(std::string_view bytes);

// binascii.a2b_base64 as b64decode calls it: strangers are skipped, and what follows the padding of
// a group is not read. Nothing when the last group is not complete.
std::optional<std::string> base64_decode(std::string_view text);

std::string encode_page_token(std::int64_t offset);

// offset + max_results. Throws INVALID_PARAMETER_VALUE when that would not fit int64.
std::int64_t next_offset(std::int64_t offset, std::int64_t max_results);

// The token of the page behind the one at `offset`. Throws as next_offset.
std::string next_page_token(std::int64_t offset, std::int64_t max_results);

// The same where another page follows; nothing where none does.
std::optional<std::string> page_token_if(bool more, std::int64_t offset, std::int64_t max_results);

// The offset that a token names; "" is 0. Decodes as leniently as Python: characters outside the
// alphabet are skipped, the JSON may be in any UTF, other members are ignored, "1", 1.9 and true
// are
// 1. An offset may be negative. Throws INVALID_PARAMETER_VALUE; a few tokens that MLflow answers
// with an HTML 500 get its nearest text. Ours have some 30 characters, and none is read that has
// more than kLongestPageToken.
inline constexpr std::size_t kLongestPageToken = 4096;
std::int64_t decode_page_token(std::string_view token);

// Whether Python takes the value for false.
bool is_false(const Json& value);

}  // namespace millrace
