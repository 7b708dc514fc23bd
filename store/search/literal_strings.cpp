#include "store/search/literal_strings.h"

#include <string_view>

#include "store/text/ascii.h"
#include "store/text/python_text.h"

namespace millrace::search {
namespace {

struct Prefix {
  bool raw = false;
  bool bytes = false;
};

char32_t take_hex_digits(LiteralCursor& cursor, int count) {
  char32_t value = 0;
  for (int i = 0; i < count; ++i, cursor.skip()) {
    const int digit = hex_digit(cursor.peek());
    if (digit < 0) refuse_literal();
    value = value * 16 + static_cast<char32_t>(digit);
  }
  return value;
}

void take_escape(LiteralCursor& cursor, bool bytes, std::string& value) {
  constexpr std::string_view letters = "\\'\"abfnrtv";
  constexpr std::string_view meanings = "\\'\"\a\b\f\n\r\t\v";
  const auto append = [&](char32_t code) {
    if (bytes) {
      value += static_cast<char>(code & 0xFF);
    } else {
      python::append_code_point(value, code);
    }
  };
  if (cursor.at_end()) refuse_literal();
  const char kind = cursor.peek();
  if (const std::size_t at = letters.find(kind); at != std::string_view::npos) {
    cursor.skip();
    value += meanings[at];
  } else if (cursor.take("\n")) {
    return;
  } else if (kind >= '0' && kind <= '7') {
    char32_t code = 0;
    for (int i = 0; i < 3 && cursor.peek() >= '0' && cursor.peek() <= '7'; ++i, cursor.skip()) {
      code = code * 8 + static_cast<char32_t>(cursor.peek() - '0');
    }
    append(code);
  } else if (cursor.take("x")) {
    append(take_hex_digits(cursor, 2));
  } else if (!bytes && (kind == 'u' || kind == 'U')) {
    cursor.skip();
    const char32_t code = take_hex_digits(cursor, kind == 'u' ? 4 : 8);
    if (code > 0x10FFFF) refuse_literal();
    append(code);
  } else if (!bytes && kind == 'N') {
    refuse_literal();
  } else {
    value += '\\';  // no escape: both characters stay
  }
}

void take_body(LiteralCursor& cursor, Prefix prefix, std::string& value) {
  const char quote = cursor.peek();
  const std::string triple(3, quote);
  const bool is_triple = cursor.take(triple);
  if (!is_triple) cursor.skip();
  for (;;) {
    if (cursor.at_end() || (!is_triple && cursor.peek() == '\n')) refuse_literal();
    if (is_triple ? cursor.take(triple) : cursor.take(triple.substr(2))) return;
    if (prefix.bytes && static_cast<unsigned char>(cursor.peek()) >= 0x80) refuse_literal();
    if (cursor.peek() != '\\') {
      value += cursor.peek();
      cursor.skip();
    } else if (prefix.raw) {
      // A backslash keeps the next character from ending the string, and stays.
      value += cursor.peek();
      cursor.skip();
      if (cursor.at_end()) refuse_literal();
      if (prefix.bytes && static_cast<unsigned char>(cursor.peek()) >= 0x80) refuse_literal();
      value += cursor.peek();
      cursor.skip();
    } else {
      cursor.skip();
      take_escape(cursor, prefix.bytes, value);
    }
  }
}

// Moves to the opening quote when a string begins here.
std::optional<Prefix> take_start(LiteralCursor& cursor) {
  Prefix prefix;
  std::size_t length = 0;
  std::string letters;
  while (length < 3 && cursor.peek(length) != '\'' && cursor.peek(length) != '"') {
    letters += static_cast<char>(cursor.peek(length++) | 0x20);
  }
  if (length == 3) return std::nullopt;
  if (letters == "r" || letters == "br" || letters == "rb") prefix.raw = true;
  if (letters == "b" || letters == "br" || letters == "rb") prefix.bytes = true;
  if (!prefix.raw && !prefix.bytes && !letters.empty() && letters != "u") return std::nullopt;
  cursor.skip(length);
  return prefix;
}

}  // namespace

// Strings that stand side by side are one; texts and bytes do not mix.
std::optional<LiteralString> take_strings(LiteralCursor& cursor) {
  std::optional<Prefix> next = take_start(cursor);
  if (!next) return std::nullopt;
  LiteralString literal{next->bytes, {}};
  for (; next; next = take_start(cursor)) {
    if (next->bytes != literal.bytes) refuse_literal();
    take_body(cursor, *next, literal.value);
    cursor.skip_blanks();
  }
  return literal;
}

}  // namespace millrace::search
