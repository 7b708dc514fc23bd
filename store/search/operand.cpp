#include "store/search/operand.h"

#include <algorithm>
#include <cstdlib>

#include "store/common/error.h"

namespace millrace::search {
namespace {

bool is_quoted(std::string_view text, char quote) {
  return text.size() >= 2 && text.front() == quote && text.back() == quote;
}

std::string_view without_ends(std::string_view text) { return text.substr(1, text.size() - 2); }

// float() takes the decimal digits of every script.
double float_value(std::string_view text) {
  std::string plain;
  for (std::size_t position = 0; position < text.size();) {
    const std::size_t start = position;
    const char32_t c = python::next_code_point(text, position);
    const std::string_view character = text.substr(start, position - start);
    plain += c < 0x80 ? std::string(character) : python::parse_int(character)->digits;
  }
  return std::strtod(plain.c_str(), nullptr);
}

}  // namespace

bool is_text_token(const Token& token) {
  return token.type == TokenType::StringSingle || token.group == Group::Identifier;
}

bool is_number_token(const Token& token) {
  return token.type == TokenType::NumberInteger || token.type == TokenType::NumberFloat;
}

std::string_view strip_quotes(std::string_view text) {
  return is_quoted(text, '\'') || is_quoted(text, '"') ? without_ends(text) : text;
}

std::string_view unquote(std::string_view text) {
  if (!is_quoted(text, '\'') && !is_quoted(text, '"')) {
    throw_invalid_parameter(
        "Parameter value is either not quoted or unidentified quote types used for string value " +
        std::string(text) + ". Use either single or double quotes.");
  }
  return without_ends(text);
}

std::string_view trim_backticks(std::string_view text) {
  return is_quoted(text, '`') ? without_ends(text) : text;
}

double real_value(const Token& token) { return float_value(token.text); }

Operand number_value(const Token& token) {
  if (token.type == TokenType::NumberFloat) return real_value(token);
  const std::optional<python::Int> value = python::parse_int(token.text);
  if (!value) throw_invalid_parameter("A number in the filter string has more than 4300 digits.");
  return *value;
}

Operand tag_value(const Token& token) {
  if (is_text_token(token)) return std::string(unquote(token.text));
  throw_invalid_parameter("Expected a quoted string value for tag (e.g. 'my-value'). Got value " +
                          std::string(token.text));
}

bool contains(std::span<const std::string_view> items, std::string_view wanted) {
  return std::find(items.begin(), items.end(), wanted) != items.end();
}

}  // namespace millrace::search
