// What the lexer's rules know about characters.
#include <algorithm>

#include "store/search/lexer_rules.h"
#include "store/text/python_text.h"
#include "store/text/unicode_tables.h"

namespace millrace::search::rules {
namespace {

bool is_ascii_letter(char32_t c) { return (c >= U'A' && c <= U'Z') || (c >= U'a' && c <= U'z'); }

// The letters outside ASCII that Python's IGNORECASE takes for an ASCII one.
char32_t fold(char32_t c) {
  if (c >= U'a' && c <= U'z') return c - U'a' + U'A';
  switch (c) {
    case 0x0130:
    case 0x0131:
      return U'I';
    case 0x017F:
      return U'S';
    case 0x212A:
      return U'K';
    default:
      return c;
  }
}

template <class Belongs>
std::size_t skip_while(std::string_view text, std::size_t position, Belongs belongs) {
  while (position < text.size() && belongs(code_point_at(text, position))) {
    position = after(text, position);
  }
  return position;
}

}  // namespace

std::size_t after(std::string_view text, std::size_t position) {
  python::next_code_point(text, position);
  return position;
}

bool is_space(char32_t c) {
  if (c < 0x80) return c == U' ' || (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x1F);
  return python::tables::contains(python::tables::space, c);
}

bool is_digit(char32_t c) {
  if (c < 0x80) return c >= U'0' && c <= U'9';
  const auto& zeros = python::tables::decimal_zeros;
  const auto above = std::upper_bound(zeros.begin(), zeros.end(), c);
  return above != zeros.begin() && c - *(above - 1) < 10;
}

bool starts_word(char32_t c) {
  if (is_ascii_letter(c)) return true;
  if (c >= 0xC0 && c <= 0xFC) return c <= 0xDC || (c >= 0xE0 && c != 0xF7);
  return c == 0x0130 || c == 0x0131 || c == 0x017F || c == 0x212A || c == 0x212B;
}

char32_t code_point_at(std::string_view text, std::size_t position) {
  if (position >= text.size()) return 0;
  const auto byte = static_cast<unsigned char>(text[position]);
  return byte < 0x80 ? byte : python::next_code_point(text, position);
}

char32_t code_point_before(std::string_view text, std::size_t position) {
  if (position == 0) return 0;
  std::size_t start = position - 1;
  while (start > 0 && position - start < 4 &&
         (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) {
    --start;
  }
  // Bytes that are no UTF-8 stand for themselves.
  return after(text, start) == position ? code_point_at(text, start)
                                        : static_cast<unsigned char>(text[position - 1]);
}

std::size_t skip_spaces(std::string_view text, std::size_t position) {
  return skip_while(text, position, is_space);
}

std::size_t skip_word(std::string_view text, std::size_t position) {
  return skip_while(text, position, python::is_word);
}

std::size_t phrase(std::string_view text, std::size_t position, std::string_view words) {
  for (const char letter : words) {
    if (letter == ' ') {
      const std::size_t end = skip_spaces(text, position);
      if (end == position) return 0;
      position = end;
    } else {
      if (position >= text.size()) return 0;
      if (fold(code_point_at(text, position)) != static_cast<unsigned char>(letter)) return 0;
      position = after(text, position);
    }
  }
  return python::is_word(code_point_at(text, position)) ? 0 : position;
}

}  // namespace millrace::search::rules
