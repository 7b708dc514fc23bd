// The page tokens of the searches: base64 of the JSON text {"offset": N}
// (SearchUtils.create_page_token and parse_start_offset_from_page_token).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

std::string encode_page_token(std::int64_t offset);

// The token of the page behind the one at `offset`. Throws INVALID_PARAMETER_VALUE when its offset
// would not fit int64.
std::string next_page_token(std::int64_t offset, std::int64_t max_results);

// The offset that a token names; "" is 0. Decodes as leniently as Python: characters outside the
// alphabet are skipped, the JSON may be in any UTF, other members are ignored, "1", 1.9 and true
// are
// 1. An offset may be negative. Throws INVALID_PARAMETER_VALUE; a few tokens that MLflow answers
// with an HTML 500 get its nearest text.
std::int64_t decode_page_token(std::string_view token);

}  // namespace millrace
