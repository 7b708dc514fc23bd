// Takes any bytes as conditions, one a line: If-None-Match, If-Match, If-Range, If-Modified-Since.
// What a list begins with is found whatever follows it, and a date is read as it was written.
#include <cstdint>
#include <string>
#include <string_view>

#include "api/http/etags.h"
#include "store/fuzz/fuzzing.h"

namespace {

using namespace millrace;
using fuzzing::require;

constexpr std::string_view kEtag = "1700000000.5-10-2947811";
constexpr std::int64_t kModified = 1'700'000'000;

HttpRequest request_with(std::string name, std::string value) {
  return {
      .method = "GET", .target = "/", .headers = {{std::move(name), std::move(value)}}, .peer = {}};
}

void check_list(const std::string& list) {
  const std::string tag = '"' + std::string(kEtag) + '"';
  for (const std::string& own : {tag, "W/" + tag, std::string(kEtag)}) {
    const std::string all = own + ", " + list;
    require(is_unmodified(request_with("if-none-match", all), kEtag, kModified));
    require(has_if_match(request_with("if-match", all)));
    // Only a strong tag matches here.
    if (!own.starts_with('W')) {
      require(!is_unmodified(request_with("if-match", all), kEtag, kModified));
    }
  }
}

// Of the years from 1970 to 9999.
void check_date(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char c : bytes.substr(0, 8)) number = number << 8U | static_cast<unsigned char>(c);
  const auto seconds = static_cast<std::int64_t>(number % 253'402'300'800U);
  const HttpRequest since = request_with("if-modified-since", http_date(seconds));
  require(is_unmodified(since, kEtag, seconds) && !is_unmodified(since, kEtag, seconds + 1));
  const HttpRequest range = request_with("if-range", http_date(seconds));
  require(allows_range(range, kEtag, seconds) && !allows_range(range, kEtag, seconds + 1));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = fuzzing::text_of(data, size);
  check_date(text);
  HttpRequest request;
  for (const char* name : {"if-none-match", "if-match", "if-range", "if-modified-since"}) {
    const std::string value(fuzzing::take_line(text));
    check_list(value);
    request.headers.emplace_back(name, value);
    const HttpRequest alone = request_with(name, value);
    is_unmodified(alone, kEtag, kModified);
    allows_range(alone, kEtag, kModified);
  }
  is_unmodified(request, kEtag, kModified);
  allows_range(request, kEtag, kModified);
  return 0;
}
