#include "api/rules/models_uri.h"

#include <algorithm>
#include <array>

#include "store/text/python_text.h"
#include "store/text/uri.h"

namespace millrace {
namespace {

bool is_blank(std::string_view text) { return python::strip(text).empty(); }

// The characters that are digits to str.isdigit but not to int(): superscripts, circled digits and
// the like.
bool is_odd_digit(char32_t c) {
  struct Range {
    char32_t first, last;
  };
  static constexpr std::array<Range, 20> kRanges{{
      {0xB2, 0xB3},       {0xB9, 0xB9},       {0x1369, 0x1371},   {0x19DA, 0x19DA},
      {0x2070, 0x2070},   {0x2074, 0x2079},   {0x2080, 0x2089},   {0x2460, 0x2468},
      {0x2474, 0x247C},   {0x2488, 0x2490},   {0x24EA, 0x24EA},   {0x24F5, 0x24FD},
      {0x24FF, 0x24FF},   {0x2776, 0x277E},   {0x2780, 0x2788},   {0x278A, 0x2792},
      {0x10A40, 0x10A43}, {0x10E60, 0x10E68}, {0x11052, 0x1105A}, {0x1F100, 0x1F10A},
  }};
  return std::any_of(kRanges.begin(), kRanges.end(),
                     [c](const Range& range) { return c >= range.first && c <= range.last; });
}

// str.isdigit of a text that is not empty.
bool is_digits(std::string_view text) {
  for (std::size_t position = 0; position < text.size();) {
    const std::size_t begin = position;
    const char32_t c = python::next_code_point(text, position);
    if (!is_odd_digit(c) && !python::parse_int(text.substr(begin, position - begin))) return false;
  }
  return true;
}

}  // namespace

std::optional<ModelsUri> parse_models_uri(std::string_view uri) {
  const UriParts parts = split_uri(uri, Fragment::PartOfPath);
  std::string_view path = parts.path;
  if (parts.scheme != "models" || !path.starts_with('/') || path.size() == 1) return std::nullopt;
  path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
  const std::size_t slash = path.find('/');
  const std::string_view first = path.substr(0, slash);
  if (is_blank(first)) return std::nullopt;
  ModelsUri result;
  if (slash != std::string_view::npos) {
    const std::string_view suffix = path.substr(slash + 1);
    if (is_blank(suffix) || suffix.find('/') != std::string_view::npos) return std::nullopt;
    result.name = first;
    if (is_digits(suffix)) {
      result.version = suffix;
    } else if (python::lower(suffix) != "latest") {
      result.stage = suffix;
    }
    return result;
  }
  const std::size_t at = first.rfind('@');
  if (at == std::string_view::npos) {
    result.model_id = first;
    return result;
  }
  result.name = first.substr(0, at);
  result.alias = first.substr(at + 1);
  if (is_blank(result.alias)) return std::nullopt;
  return result;
}

}  // namespace millrace
