#include "store/search/python_literal.h"

#include <charconv>
#include <cstdlib>
#include <optional>
#include <system_error>

#include "store/common/error.h"
#include "store/text/python_text.h"

namespace millrace::search {
namespace {

// A literal: its repr, and the parts that matter.
struct Literal {
  enum class Kind { Text, Tuple, List, Other } kind = Kind::Other;
  std::string text;            // of a Text
  std::vector<Literal> items;  // of a Tuple or List
  std::string repr;            // of a List or Other
  std::optional<Value> value;  // of an Other that a database can hold
};

[[noreturn]] void refuse_literal() {
  throw_invalid_parameter(
      "While parsing a list in the query, expected a non-empty list of string values, but got "
      "ill-formed list.");
}

std::string repr(const Literal& literal);

std::string joined_reprs(const std::vector<Literal>& items) {
  std::string text;
  for (const Literal& item : items) {
    if (!text.empty()) text += ", ";
    text += repr(item);
  }
  return text;
}

std::string tuple_repr(const std::vector<Literal>& items) {
  return "(" + joined_reprs(items) + (items.size() == 1 ? ",)" : ")");
}

std::string repr(const Literal& literal) {
  switch (literal.kind) {
    case Literal::Kind::Text:
      return python::repr(literal.text);
    case Literal::Kind::Tuple:
      return tuple_repr(literal.items);
    case Literal::Kind::List:
    case Literal::Kind::Other:
      return literal.repr;
  }
  return {};
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Literal parse() {
    Literal literal = expression();
    if (position_ != text_.size()) refuse_literal();
    return literal;
  }

 private:
  static constexpr int max_depth = 200;  // of Python's own tokenizer

  struct Prefix {
    bool raw = false;
    bool bytes = false;
  };

  char peek(std::size_t ahead = 0) const {
    return position_ + ahead < text_.size() ? text_[position_ + ahead] : '\0';
  }
  bool take(std::string_view part) {
    if (text_.substr(position_, part.size()) != part) return false;
    position_ += part.size();
    return true;
  }

  void skip_blanks();
  Literal expression();
  Literal in_parentheses();
  std::vector<Literal> items_until(char closer, bool& comma);
  Literal signed_number();
  Literal number(bool negative);
  std::optional<Literal> constant();
  std::optional<Prefix> string_start();
  Literal strings(Prefix prefix);
  void string_body(Prefix prefix, std::string& value);
  void escape(bool bytes, std::string& value);
  char32_t hex_digits(int count);
  bool digits();

  std::string_view text_;
  std::size_t position_ = 0;
  int depth_ = 0;
};

// Inside brackets, where all of this happens, line ends are blanks too.
void Parser::skip_blanks() {
  while (position_ < text_.size()) {
    if (peek() == '#') {
      while (position_ < text_.size() && peek() != '\n') ++position_;
    } else if (!take(" ") && !take("\t") && !take("\f") && !take("\n") && !take("\\\n")) {
      return;
    }
  }
}

Literal Parser::expression() {
  skip_blanks();
  Literal literal;
  if (peek() == '(' || peek() == '[') {
    if (++depth_ > max_depth) refuse_literal();
    if (take("(")) {
      literal = in_parentheses();
    } else {
      take("[");
      bool comma = false;
      literal.kind = Literal::Kind::List;
      literal.items = items_until(']', comma);
      literal.repr = "[" + joined_reprs(literal.items) + "]";
    }
    --depth_;
  } else if (const std::optional<Prefix> prefix = string_start()) {
    literal = strings(*prefix);
  } else if (std::optional<Literal> found = constant()) {
    literal = std::move(*found);
  } else {
    literal = signed_number();
  }
  skip_blanks();
  return literal;
}

Literal Parser::in_parentheses() {
  bool comma = false;
  std::vector<Literal> items = items_until(')', comma);
  if (items.size() == 1 && !comma) return std::move(items.front());
  Literal tuple;
  tuple.kind = Literal::Kind::Tuple;
  tuple.items = std::move(items);
  return tuple;
}

std::vector<Literal> Parser::items_until(char closer, bool& comma) {
  std::vector<Literal> items;
  skip_blanks();
  while (peek() != closer) {
    if (!items.empty() && !comma) refuse_literal();
    items.push_back(expression());
    comma = take(",");
    skip_blanks();
  }
  ++position_;
  return items;
}

Literal Parser::signed_number() {
  bool negative = false;
  if (peek() == '-' || peek() == '+') {
    negative = peek() == '-';
    ++position_;
    skip_blanks();
  }
  return number(negative);
}

// Digits with single underscores between.
bool Parser::digits() {
  const std::size_t start = position_;
  while (is_digit(peek()) || (peek() == '_' && position_ > start && is_digit(peek(1)))) ++position_;
  return position_ > start;
}

Literal Parser::number(bool negative) {
  const std::size_t start = position_;
  const bool whole = digits();
  bool real = false;
  if (take(".")) {
    real = true;
    if (!digits() && !whole) refuse_literal();
  }
  if (!whole && !real) refuse_literal();
  if ((peek() | 0x20) == 'e') {
    ++position_;
    if (!take("-")) take("+");
    if (!digits()) refuse_literal();
    real = true;
  }
  std::size_t next = position_;
  if (next < text_.size() && python::is_word(python::next_code_point(text_, next)))
    refuse_literal();
  std::string written(text_.substr(start, position_ - start));
  std::erase(written, '_');
  Literal literal;
  if (real) {
    const double value = std::strtod(written.c_str(), nullptr);
    literal.repr = python::float_repr(negative ? -value : value);
    literal.value = negative ? -value : value;
    return literal;
  }
  if (written.front() == '0' && written.find_first_not_of('0') != std::string::npos) {
    refuse_literal();
  }
  const std::optional<python::Int> value = python::parse_int((negative ? "-" : "") + written);
  if (!value) refuse_literal();
  literal.repr = value->digits;
  if (value->fits) literal.value = value->value;
  return literal;
}

std::optional<Literal> Parser::constant() {
  for (const std::string_view word : {"True", "False", "None"}) {
    if (text_.substr(position_, word.size()) != word) continue;
    std::size_t next = position_ + word.size();
    const std::size_t end = next;
    if (next < text_.size() && python::is_word(python::next_code_point(text_, next))) continue;
    position_ = end;
    Literal literal;
    literal.repr = word;
    literal.value = word == "None" ? Value() : Value(std::int64_t{word == "True"});
    return literal;
  }
  return std::nullopt;
}

// Moves to the opening quote when a string begins here.
std::optional<Parser::Prefix> Parser::string_start() {
  Prefix prefix;
  std::size_t length = 0;
  std::string letters;
  while (length < 3 && peek(length) != '\'' && peek(length) != '"') {
    letters += static_cast<char>(peek(length++) | 0x20);
  }
  if (length == 3) return std::nullopt;
  if (letters == "r" || letters == "br" || letters == "rb") prefix.raw = true;
  if (letters == "b" || letters == "br" || letters == "rb") prefix.bytes = true;
  if (!prefix.raw && !prefix.bytes && !letters.empty() && letters != "u") return std::nullopt;
  position_ += length;
  return prefix;
}

// Strings that stand side by side are one; texts and bytes do not mix.
Literal Parser::strings(Prefix prefix) {
  const bool bytes = prefix.bytes;
  std::string value;
  for (std::optional<Prefix> next = prefix; next; next = string_start()) {
    if (next->bytes != bytes) refuse_literal();
    string_body(*next, value);
    skip_blanks();
  }
  Literal literal;
  if (bytes) {
    literal.repr = python::bytes_repr(value);
  } else {
    literal.kind = Literal::Kind::Text;
    literal.text = std::move(value);
  }
  return literal;
}

void Parser::string_body(Prefix prefix, std::string& value) {
  const char quote = peek();
  const std::string triple(3, quote);
  const bool is_triple = take(triple);
  if (!is_triple) ++position_;
  for (;;) {
    if (position_ == text_.size() || (!is_triple && peek() == '\n')) refuse_literal();
    if (is_triple ? take(triple) : take(triple.substr(2))) return;
    if (prefix.bytes && static_cast<unsigned char>(peek()) >= 0x80) refuse_literal();
    if (peek() != '\\') {
      value += peek();
      ++position_;
    } else if (prefix.raw) {
      // A backslash keeps the next character from ending the string, and stays.
      value += peek();
      ++position_;
      if (position_ == text_.size()) refuse_literal();
      if (prefix.bytes && static_cast<unsigned char>(peek()) >= 0x80) refuse_literal();
      value += peek();
      ++position_;
    } else {
      ++position_;
      escape(prefix.bytes, value);
    }
  }
}

char32_t Parser::hex_digits(int count) {
  char32_t value = 0;
  for (int i = 0; i < count; ++i, ++position_) {
    const int digit = hex_value(peek());
    if (digit < 0) refuse_literal();
    value = value * 16 + static_cast<char32_t>(digit);
  }
  return value;
}

void Parser::escape(bool bytes, std::string& value) {
  constexpr std::string_view letters = "\\'\"abfnrtv";
  constexpr std::string_view meanings = "\\'\"\a\b\f\n\r\t\v";
  const auto append = [&](char32_t code) {
    if (bytes) {
      value += static_cast<char>(code & 0xFF);
    } else {
      python::append_code_point(value, code);
    }
  };
  if (position_ == text_.size()) refuse_literal();
  const char kind = peek();
  if (const std::size_t at = letters.find(kind); at != std::string_view::npos) {
    ++position_;
    value += meanings[at];
  } else if (take("\n")) {
    return;
  } else if (kind >= '0' && kind <= '7') {
    char32_t code = 0;
    for (int i = 0; i < 3 && peek() >= '0' && peek() <= '7'; ++i, ++position_) {
      code = code * 8 + static_cast<char32_t>(peek() - '0');
    }
    append(code);
  } else if (take("x")) {
    append(hex_digits(2));
  } else if (!bytes && (kind == 'u' || kind == 'U')) {
    ++position_;
    const char32_t code = hex_digits(kind == 'u' ? 4 : 8);
    if (code > 0x10FFFF) refuse_literal();
    append(code);
  } else if (!bytes && kind == 'N') {
    refuse_literal();
  } else {
    value += '\\';  // no escape: both characters stay
  }
}

// What Python's compiler reads at all: no NUL, no lone surrogate.
bool is_source(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return false;
  for (std::size_t at = text.find('\xED'); at != std::string_view::npos;
       at = text.find('\xED', at + 1)) {
    if (at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) >= 0xA0) return false;
  }
  return true;
}

// Line ends as Python's compiler sees them.
std::string with_plain_line_ends(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r') {
      plain += text[i];
    } else if (text.substr(i + 1, 1) != "\n") {
      plain += '\n';
    }
  }
  return plain;
}

Literal parse(std::string_view text) {
  if (!is_source(text)) refuse_literal();
  const std::string source = with_plain_line_ends(text);
  return Parser(source).parse();
}

}  // namespace

LiteralValue parse_literal(std::string_view text) {
  Literal literal = parse(text);
  LiteralValue value;
  value.is_list = literal.kind == Literal::Kind::Tuple || literal.kind == Literal::Kind::List;
  if (!value.is_list) value.repr = repr(literal);
  std::vector<Literal> items = std::move(literal.items);
  if (!value.is_list) items.push_back(std::move(literal));
  for (Literal& item : items) {
    if (item.kind == Literal::Kind::Text) item.value = std::move(item.text);
    value.storable = value.storable && item.value.has_value();
    if (item.value) value.items.push_back(*std::move(item.value));
  }
  return value;
}

std::vector<std::string> parse_text_list(std::string_view literal) {
  Literal parsed = parse(literal);
  std::vector<Literal> items;
  if (parsed.kind == Literal::Kind::Tuple) {
    items = std::move(parsed.items);
  } else {
    items.push_back(std::move(parsed));
  }
  if (items.empty()) {
    throw_invalid_parameter(
        "While parsing a list in the query, expected a non-empty list of string values, but got "
        "empty list");
  }
  std::vector<std::string> texts;
  for (const Literal& item : items) {
    if (item.kind != Literal::Kind::Text) {
      throw_invalid_parameter(
          "While parsing a list in the query, expected string value, punctuation, or whitespace, "
          "but got different type in list: " +
          tuple_repr(items));
    }
    texts.push_back(item.text);
  }
  return texts;
}

}  // namespace millrace::search
