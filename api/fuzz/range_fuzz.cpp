// Takes any bytes as a Range header, for files of some sizes: what is sent lies in the file, in
// order, and is what was asked for.
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "api/http/byte_ranges.h"
#include "store/fuzz/fuzzing.h"

namespace {

using namespace millrace;
using fuzzing::require;

void check_native(const NativeRanges& found, std::uint64_t size) {
  if (!found.malformed.empty() || !found.satisfiable) require(found.ranges.empty());
  std::uint64_t end = 0;
  for (const ByteRange& range : found.ranges) {
    require(range.begin < range.end && range.end <= size);
    require(&range == &found.ranges.front() || range.begin > end);
    end = range.end;
  }
}

// Of each text of the native layer, the same ranges written down plainly.
void check_again(const NativeRanges& found, std::uint64_t size) {
  if (found.ranges.empty()) return;
  std::string header = "bytes=";
  for (const ByteRange& range : found.ranges) {
    if (header.back() != '=') header += ',';
    header += std::to_string(range.begin) + "-" + std::to_string(range.end - 1);
  }
  const NativeRanges again = parse_native_ranges(header, size);
  require(again.ranges.size() == found.ranges.size());
  for (std::size_t i = 0; i < again.ranges.size(); ++i) {
    require(again.ranges[i].begin == found.ranges[i].begin);
    require(again.ranges[i].end == found.ranges[i].end);
  }
  if (found.ranges.size() == 1) require(parse_classic_range(header, size).has_value());
}

// The classic layer takes less, and takes it for the same.
void check_classic(std::string_view header, const NativeRanges& native, std::uint64_t size) {
  const auto found = parse_classic_range(header, size);
  if (!found) return;
  require(found->begin < found->end && found->end <= size);
  require(native.ranges.size() == 1 && native.ranges.front().begin == found->begin &&
          native.ranges.front().end == found->end);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr auto kLargest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const std::string_view header = fuzzing::text_of(data, size);
  for (const std::uint64_t of :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{10}, std::uint64_t{1} << 33U, kLargest}) {
    const NativeRanges native = parse_native_ranges(header, of);
    check_native(native, of);
    check_again(native, of);
    if (of > 0) check_classic(header, native, of);
  }
  return 0;
}
