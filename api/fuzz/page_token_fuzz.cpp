// Takes any bytes as a page token: it names an offset or is refused, and a token of ours names the
// offset and the query that it was made for, and no other query.
#include <cstdint>
#include <string>
#include <string_view>

#include "api/rest/logged_model_token.h"
#include "api/rest/page_token.h"
#include "store/common/error.h"
#include "store/fuzz/fuzzing.h"

namespace {

using namespace millrace;
using fuzzing::require;

template <class Use>
void attempt(Use use) {
  try {
    use();
  } catch (const Error& error) {
    require(error.code() == ErrorCode::InvalidParameterValue && !error.message().empty());
  }
}

void check_round(std::int64_t offset) {
  require(offset == 0 || decode_page_token(encode_page_token(offset)) == offset);
  attempt(
      [&] { require(decode_page_token(next_page_token(offset, 7)) == next_offset(offset, 7)); });
}

void check_base64(std::string_view bytes) {
  require(base64_decode(base64_encode(bytes)) == bytes);
  if (const auto decoded = base64_decode(bytes))
    require(base64_decode(base64_encode(*decoded)) == decoded);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view token = fuzzing::text_of(data, size);
  check_base64(token);
  attempt([&] { check_round(decode_page_token(token)); });
  const LoggedModelQuery query{{"1", "2"}, "name = 'm'", {{.field_name = "metrics.loss"}}};
  attempt([&] {
    const std::int64_t offset = decode_logged_model_token(token, query);
    require(decode_logged_model_token(encode_logged_model_token(query, offset), query) == offset);
  });
  attempt([&] { decode_logged_model_token(base64_encode(token), query); });
  attempt([&] { check_round(decode_page_token(base64_encode(token))); });
  return 0;
}
