// Takes any bytes as a request target: path and query are decoded once, and a query that is written
// again is read as the same.
#include <cstdint>
#include <string>
#include <string_view>

#include "api/http/target.h"
#include "store/fuzz/fuzzing.h"
#include "store/text/percent_decoding.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace millrace;
  using fuzzing::require;
  const std::string_view raw = fuzzing::text_of(data, size);
  const Target target = parse_target(raw);
  require(raw.starts_with(target.raw_path) && raw.ends_with(target.raw_query));
  require(target.raw_path.size() + target.raw_query.size() + 1 >= raw.size());
  require(target.path == unquote(target.raw_path));
  const QueryArguments arguments = parse_query(target.raw_query);
  std::string again;
  for (const auto& [name, value] : arguments) {
    again += quote(name, "") + "=" + quote(value, "") + "&";
  }
  require(parse_query(again) == arguments);
  return 0;
}
