// The Range header, read as each of MLflow's two layers does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

struct ByteRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;  // the first byte behind it
};

struct NativeRanges {
  std::vector<ByteRange> ranges;  // ascending, apart from each other; none: the whole file
  std::string malformed;          // the text of a 400, or empty
  bool satisfiable = true;
};

// Starlette's FileResponse._parse_range_header.
NativeRanges parse_native_ranges(std::string_view header, std::uint64_t size);

// werkzeug's parse_range_header and Range.range_for_length: nothing where the answer is 416, which
// includes several ranges. `size` is not 0.
std::optional<ByteRange> parse_classic_range(std::string_view header, std::uint64_t size);

}  // namespace millrace
