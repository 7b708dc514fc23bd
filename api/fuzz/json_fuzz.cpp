// Reads any bytes as JSON and writes back what was read: no crash, and what was written is read as
// the same value.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "api/json/reader.h"
#include "api/json/writer.h"
#include "store/common/error.h"

namespace {

using millrace::Json;
using millrace::Layout;

std::string round(const std::string& text, Layout layout, bool sort_keys = false) {
  std::optional<Json> value = millrace::parse_json(text);
  if (!value) std::abort();
  return millrace::python_json_dumps(*value, sort_keys, layout);
}

void check(std::string_view bytes) {
  std::optional<Json> value = millrace::parse_json(bytes);
  millrace::parse_json_text(bytes);
  if (!value) return;
  if (millrace::python_repr(*value).empty()) std::abort();
  // Two surrogates that stood alone become one character when they are read again, which may make
  // keys equal; after that nothing may change.
  std::string once =
      round(millrace::python_json_dumps(*value, false, Layout::Compact), Layout::Compact);
  if (round(once, Layout::Compact) != once) std::abort();
  if (round(round(once, Layout::Pretty), Layout::Compact) != once) std::abort();
  std::string sorted = round(once, Layout::Spaced, true);
  if (round(sorted, Layout::Compact).size() != once.size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    check({reinterpret_cast<const char*>(data), size});
  } catch (const millrace::Error&) {  // nested too deep
  }
  return 0;
}
