#include "api/graphql/lexer.h"

#include <algorithm>
#include <vector>

#include "store/common/error.h"
#include "store/text/ascii.h"
#include "store/text/python_text.h"

namespace millrace::graphql {
namespace {

bool starts_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

std::size_t indentation(std::string_view line) {
  return std::min(line.find_first_not_of(" \t"), line.size());
}

// BlockStringValue: the common indentation of all lines but the first and blank lines at both ends
// go.
std::string block_string_value(std::string_view raw) {
  std::vector<std::string_view> lines;
  while (true) {
    const std::size_t end = raw.find_first_of("\r\n");
    lines.push_back(raw.substr(0, end));
    if (end == std::string_view::npos) break;
    raw.remove_prefix(end + (raw.substr(end).starts_with("\r\n") ? 2 : 1));
  }
  std::size_t common = std::string_view::npos;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    if (indentation(lines[i]) < lines[i].size()) common = std::min(common, indentation(lines[i]));
  }
  for (std::size_t i = 1; i < lines.size(); ++i) {
    lines[i].remove_prefix(std::min(common, lines[i].size()));
  }
  const auto blank = [](std::string_view line) { return indentation(line) == line.size(); };
  const auto first = std::find_if_not(lines.begin(), lines.end(), blank);
  while (lines.end() != first && blank(lines.back())) lines.pop_back();
  std::string value;
  for (auto line = first; line != lines.end(); ++line) {
    if (line != first) value += '\n';
    value += *line;
  }
  return value;
}

}  // namespace

void throw_syntax_error(const std::string& what) {
  throw_invalid_parameter("The GraphQL query cannot be parsed: " + what);
}

void Lexer::refuse(std::string_view expected) const {
  throw_syntax_error("expected " + std::string(expected) + " at byte " + std::to_string(position_));
}

bool Lexer::at_digit(std::size_t position) const {
  return position < source_.size() && is_ascii_digit(source_[position]);
}

void Lexer::skip_ignored() {
  while (position_ < source_.size()) {
    const std::string_view rest = source_.substr(position_);
    if (rest.starts_with("\xEF\xBB\xBF")) {
      position_ += 3;
    } else if (rest.front() == '#') {
      position_ += std::min(rest.find_first_of("\r\n"), rest.size());
    } else if (std::string_view(" \t\r\n,").find(rest.front()) != std::string_view::npos) {
      ++position_;
    } else {
      return;
    }
  }
}

Token Lexer::next() {
  skip_ignored();
  if (position_ == source_.size()) return {};
  const std::string_view rest = source_.substr(position_);
  if (rest.starts_with("...")) {
    position_ += 3;
    return {Token::Kind::Punctuator, "..."};
  }
  const char c = rest.front();
  if (std::string_view("!$&()[]{}:=@|").find(c) != std::string_view::npos) {
    ++position_;
    return {Token::Kind::Punctuator, std::string(1, c)};
  }
  if (starts_name(c)) {
    std::size_t end = 1;
    while (end < rest.size() && (starts_name(rest[end]) || is_ascii_digit(rest[end]))) ++end;
    position_ += end;
    return {Token::Kind::Name, std::string(rest.substr(0, end))};
  }
  if (is_ascii_digit(c) || c == '-') return number();
  if (rest.starts_with("\"\"\"")) return block_string();
  if (c == '"') return string();
  refuse("a name, a value or a punctuator");
}

Token Lexer::number() {
  const std::size_t begin = position_;
  auto kind = Token::Kind::Int;
  if (source_[position_] == '-') ++position_;
  const auto digits = [&] {
    if (!at_digit(position_)) refuse("a digit");
    while (at_digit(position_)) ++position_;
  };
  if (at_digit(position_) && source_[position_] == '0') {
    ++position_;
    if (at_digit(position_)) refuse("no digit after a leading 0");
  } else {
    digits();
  }
  if (source_.substr(position_).starts_with('.')) {
    kind = Token::Kind::Float;
    ++position_;
    digits();
  }
  if (position_ < source_.size() && (source_[position_] == 'e' || source_[position_] == 'E')) {
    kind = Token::Kind::Float;
    ++position_;
    if (position_ < source_.size() && (source_[position_] == '+' || source_[position_] == '-'))
      ++position_;
    digits();
  }
  if (position_ < source_.size() && (source_[position_] == '.' || starts_name(source_[position_])))
    refuse("the end of the number");
  return {kind, std::string(source_.substr(begin, position_ - begin))};
}

char32_t Lexer::unicode_escape() {
  char32_t value = 0;
  const bool braced = source_.substr(position_).starts_with('{');
  if (braced) ++position_;
  std::size_t digits = 0;
  for (; position_ < source_.size() && digits < (braced ? 8U : 4U); ++digits, ++position_) {
    const int digit = hex_digit(source_[position_]);
    if (digit < 0) break;
    value = value * 16 + static_cast<char32_t>(digit);
  }
  if (digits == 0 || (!braced && digits < 4)) refuse("a hexadecimal digit");
  if (braced && !source_.substr(position_).starts_with('}')) refuse("}");
  if (braced) ++position_;
  return value;
}

Token Lexer::string() {
  Token token{Token::Kind::String, ""};
  ++position_;
  while (true) {
    const char c = position_ < source_.size() ? source_[position_] : '\n';
    if (c == '\n' || c == '\r') refuse("the end of the string");
    ++position_;
    if (c == '"') return token;
    if (c != '\\') {
      token.text += c;
      continue;
    }
    const char escape = position_ < source_.size() ? source_[position_++] : ' ';
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
    if (const auto at = kNames.find(escape); at != std::string_view::npos) {
      token.text += kValues[at];
      continue;
    }
    if (escape != 'u') refuse("an escape");
    char32_t value = unicode_escape();
    if (value >= 0xD800 && value < 0xDC00 && source_.substr(position_).starts_with("\\u")) {
      position_ += 2;
      const char32_t second = unicode_escape();
      if (second < 0xDC00 || second > 0xDFFF) refuse("the second half of a character");
      value = 0x10000 + ((value - 0xD800) << 10U) + (second - 0xDC00);
    }
    if (value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) refuse("a Unicode character");
    python::append_code_point(token.text, value);
  }
}

Token Lexer::block_string() {
  position_ += 3;
  std::string raw;
  while (true) {
    const std::string_view rest = source_.substr(position_);
    if (rest.empty()) refuse("the end of the block string");
    if (rest.starts_with("\"\"\"")) break;
    if (rest.starts_with("\\\"\"\"")) {
      raw += "\"\"\"";
      position_ += 4;
    } else {
      raw += rest.front();
      ++position_;
    }
  }
  position_ += 3;
  return {Token::Kind::String, block_string_value(raw)};
}

}  // namespace millrace::graphql
