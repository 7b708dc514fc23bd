// Reads any bytes as JSON and writes back what was read: no crash, and what was written is read as
// the same value.
#include <cstdint>
#include <string_view>

#include "api/json/reader.h"
#include "api/json/writer.h"
#include "store/common/error.h"
#include "store/fuzz/fuzzing.h"

namespace {

using millrace::Json;
using millrace::Layout;
using millrace::fuzzing::require;

std::string round(const std::string& text, Layout layout, bool sort_keys = false) {
  std::optional<Json> value = millrace::parse_json(text);
  require(value.has_value());
  return millrace::python_json_dumps(*value, sort_keys, layout);
}

void check(std::string_view bytes) {
  std::optional<Json> value = millrace::parse_json(bytes);
  millrace::parse_json_text(bytes);
  if (!value) return;
  require(!millrace::python_repr(*value).empty());
  // Two surrogates that stood alone become one character when they are read again, which may make
  // keys equal; after that nothing may change.
  std::string once =
      round(millrace::python_json_dumps(*value, false, Layout::Compact), Layout::Compact);
  require(round(once, Layout::Compact) == once);
  require(round(round(once, Layout::Pretty), Layout::Compact) == once);
  std::string sorted = round(once, Layout::Spaced, true);
  require(round(sorted, Layout::Compact).size() == once.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    check(millrace::fuzzing::text_of(data, size));
  } catch (const millrace::Error&) {  // nested too deep
  }
  return 0;
}
