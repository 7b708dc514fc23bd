#include "store/search/sql_token.h"

#include "store/text/python_text.h"

namespace millrace::search {
namespace {

// The letters outside ASCII whose upper case is ASCII.
std::string_view ascii_upper_case(char32_t letter) {
  switch (letter) {
    case 0x00DF:
      return "SS";
    case 0x0131:
      return "I";
    case 0x017F:
      return "S";
    case 0xFB00:
      return "FF";
    case 0xFB01:
      return "FI";
    case 0xFB02:
      return "FL";
    case 0xFB03:
      return "FFI";
    case 0xFB04:
      return "FFL";
    case 0xFB05:
    case 0xFB06:
      return "ST";
    default:
      return {};
  }
}

}  // namespace

std::string upper(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t position = 0; position < text.size();) {
    const std::size_t start = position;
    const char byte = text[position];
    if (static_cast<unsigned char>(byte) < 0x80) {
      result += byte >= 'a' && byte <= 'z' ? static_cast<char>(byte - 'a' + 'A') : byte;
      ++position;
      continue;
    }
    const std::string_view raised = ascii_upper_case(python::next_code_point(text, position));
    result += raised.empty() ? text.substr(start, position - start) : raised;
  }
  return result;
}

bool raises_to(std::string_view text, std::string_view word) {
  // A letter of the result comes of one or two bytes.
  return text.size() >= word.size() && text.size() <= 2 * word.size() && upper(text) == word;
}

bool Token::matches(TokenType wanted_type, std::string_view wanted) const {
  if (type != wanted_type || is_group()) return false;
  return is_keyword(type) ? raises_to(text, wanted) : text == wanted;
}

}  // namespace millrace::search
