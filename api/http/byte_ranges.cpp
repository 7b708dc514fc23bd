#include "api/http/byte_ranges.h"

#include <algorithm>
#include <limits>

#include "store/text/ascii.h"
#include "store/text/python_text.h"

namespace millrace {
namespace {

constexpr std::size_t kMostRanges = 100;
constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();

// int(text), numbers beyond 64 bits as the nearest one.
std::optional<std::int64_t> to_integer(std::string_view text) {
  const auto number = python::parse_int(text);
  if (!number) return std::nullopt;
  if (number->fits) return std::max(number->value, -kLargest);  // whose sign can be turned
  return number->digits.starts_with('-') ? -kLargest : kLargest;
}

struct SignedRange {
  std::int64_t begin;
  std::int64_t end;
};

// Nothing for a part without meaning.
std::optional<SignedRange> parse_part(std::string_view part, std::int64_t size) {
  part = python::strip(part);
  const std::size_t dash = part.find('-');
  if (dash == std::string_view::npos || part == "-") return std::nullopt;
  const std::string_view begin_text = python::strip(part.substr(0, dash));
  const std::string_view end_text = python::strip(part.substr(dash + 1));
  if (begin_text.empty()) {
    const auto length = to_integer(end_text);
    if (!length) return std::nullopt;
    if (*length < 0) return SignedRange{kLargest, size};
    return SignedRange{std::max<std::int64_t>(size - *length, 0), size};
  }
  const auto begin = to_integer(begin_text);
  const auto end = end_text.empty() ? std::optional(kLargest) : to_integer(end_text);
  if (!begin || !end) return std::nullopt;
  return SignedRange{*begin, *end < size ? *end + 1 : size};
}

std::vector<SignedRange> parse_parts(std::string_view text, std::int64_t size) {
  std::vector<SignedRange> ranges;
  while (true) {
    const std::size_t comma = text.find(',');
    if (const auto range = parse_part(text.substr(0, comma), size)) ranges.push_back(*range);
    if (comma == std::string_view::npos) return ranges;
    text.remove_prefix(comma + 1);
  }
}

// Overlapping ones become one.
std::vector<ByteRange> merged(std::vector<SignedRange> ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const SignedRange& a, const SignedRange& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  std::vector<ByteRange> result;
  for (const SignedRange& range : ranges) {
    const auto begin = static_cast<std::uint64_t>(range.begin);
    const auto end = static_cast<std::uint64_t>(range.end);
    if (!result.empty() && begin <= result.back().end) {
      result.back().end = std::max(result.back().end, end);
    } else {
      result.push_back({begin, end});
    }
  }
  return result;
}

std::string_view strip_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// -?[0-9]+
std::optional<std::int64_t> plain_integer(std::string_view text) {
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos)
    return std::nullopt;
  return to_integer(text);
}

}  // namespace

NativeRanges parse_native_ranges(std::string_view header, std::uint64_t file_size) {
  const auto size = static_cast<std::int64_t>(file_size);
  NativeRanges result;
  const std::size_t equals = header.find('=');
  if (equals == std::string_view::npos) {
    result.malformed = "Malformed range header.";
    return result;
  }
  if (ascii_lower(python::strip(header.substr(0, equals))) != "bytes") {
    result.malformed = "Only support bytes range";
    return result;
  }
  const std::string_view text = header.substr(equals + 1);
  if (std::count(text.begin(), text.end(), ',') + 1 > static_cast<std::ptrdiff_t>(kMostRanges))
    return result;
  std::vector<SignedRange> ranges = parse_parts(text, size);
  if (ranges.empty()) {
    result.malformed = "Range header: range must be requested";
    return result;
  }
  result.satisfiable = std::all_of(ranges.begin(), ranges.end(), [&](const SignedRange& range) {
    return range.begin >= 0 && range.begin < size;
  });
  if (!result.satisfiable) return result;
  if (std::any_of(ranges.begin(), ranges.end(),
                  [](const SignedRange& range) { return range.begin >= range.end; })) {
    result.malformed = "Range header: start must be less than end";
    return result;
  }
  result.ranges = merged(std::move(ranges));
  return result;
}

std::optional<ByteRange> parse_classic_range(std::string_view header, std::uint64_t file_size) {
  const auto size = static_cast<std::int64_t>(file_size);
  const std::size_t equals = header.find('=');
  if (equals == std::string_view::npos ||
      ascii_lower(strip_blanks(header.substr(0, equals))) != "bytes") {
    return std::nullopt;
  }
  const std::string_view item = strip_blanks(header.substr(equals + 1));
  const std::size_t dash = item.find('-');
  if (dash == std::string_view::npos || item.find(',') != std::string_view::npos)
    return std::nullopt;
  if (dash == 0) {
    const auto suffix = plain_integer(item);
    if (!suffix || *suffix >= 0 || -*suffix > size) return std::nullopt;
    return ByteRange{static_cast<std::uint64_t>(size + *suffix), file_size};
  }
  const auto begin = plain_integer(strip_blanks(item.substr(0, dash)));
  const std::string_view end_text = strip_blanks(item.substr(dash + 1));
  const auto last = end_text.empty() ? std::optional(size - 1) : plain_integer(end_text);
  if (!begin || !last || *begin < 0 || *begin >= size) return std::nullopt;
  if (!end_text.empty() && *begin > *last) return std::nullopt;
  return ByteRange{static_cast<std::uint64_t>(*begin),
                   static_cast<std::uint64_t>(std::min(*last, size - 1) + 1)};
}

}  // namespace millrace
