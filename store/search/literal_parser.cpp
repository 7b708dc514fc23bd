#include "store/search/literal_parser.h"

#include <cstdlib>
#include <utility>

#include "store/search/literal_cursor.h"
#include "store/search/literal_strings.h"
#include "store/text/ascii.h"
#include "store/text/python_text.h"

namespace millrace::search {
namespace {

std::string joined_reprs(const std::vector<Literal>& items) {
  std::string text;
  for (const Literal& item : items) {
    if (!text.empty()) text += ", ";
    text += repr(item);
  }
  return text;
}

Literal literal_of(LiteralString string) {
  Literal literal;
  if (string.bytes) {
    literal.repr = python::bytes_repr(string.value);
  } else {
    literal.kind = Literal::Kind::Text;
    literal.text = std::move(string.value);
  }
  return literal;
}

class LiteralParser {
 public:
  explicit LiteralParser(std::string_view text) : cursor_(text) {}

  Literal parse() {
    Literal literal = expression();
    if (!cursor_.at_end()) refuse_literal();
    return literal;
  }

 private:
  static constexpr int max_depth = 200;  // of Python's own tokenizer

  Literal expression();
  Literal in_parentheses();
  std::vector<Literal> items_until(char closer, bool& comma);
  Literal signed_number();
  Literal number(bool negative);
  std::optional<Literal> constant();
  bool digits();

  LiteralCursor cursor_;
  int depth_ = 0;
};

Literal LiteralParser::expression() {
  cursor_.skip_blanks();
  Literal literal;
  if (cursor_.peek() == '(' || cursor_.peek() == '[') {
    if (++depth_ > max_depth) refuse_literal();
    if (cursor_.take("(")) {
      literal = in_parentheses();
    } else {
      cursor_.take("[");
      bool comma = false;
      literal.kind = Literal::Kind::List;
      literal.items = items_until(']', comma);
      literal.repr = "[" + joined_reprs(literal.items) + "]";
    }
    --depth_;
  } else if (std::optional<LiteralString> string = take_strings(cursor_)) {
    literal = literal_of(*std::move(string));
  } else if (std::optional<Literal> found = constant()) {
    literal = std::move(*found);
  } else {
    literal = signed_number();
  }
  cursor_.skip_blanks();
  return literal;
}

Literal LiteralParser::in_parentheses() {
  bool comma = false;
  std::vector<Literal> items = items_until(')', comma);
  if (items.size() == 1 && !comma) return std::move(items.front());
  Literal tuple;
  tuple.kind = Literal::Kind::Tuple;
  tuple.items = std::move(items);
  return tuple;
}

std::vector<Literal> LiteralParser::items_until(char closer, bool& comma) {
  std::vector<Literal> items;
  cursor_.skip_blanks();
  while (cursor_.peek() != closer) {
    if (!items.empty() && !comma) refuse_literal();
    items.push_back(expression());
    comma = cursor_.take(",");
    cursor_.skip_blanks();
  }
  cursor_.skip();
  return items;
}

Literal LiteralParser::signed_number() {
  bool negative = false;
  if (cursor_.peek() == '-' || cursor_.peek() == '+') {
    negative = cursor_.peek() == '-';
    cursor_.skip();
    cursor_.skip_blanks();
  }
  return number(negative);
}

// Digits with single underscores between.
bool LiteralParser::digits() {
  bool any = false;
  for (; is_ascii_digit(cursor_.peek()) ||
         (any && cursor_.peek() == '_' && is_ascii_digit(cursor_.peek(1)));
       any = true) {
    cursor_.skip();
  }
  return any;
}

Literal LiteralParser::number(bool negative) {
  const std::string_view begin = cursor_.rest();
  const bool whole = digits();
  bool real = false;
  if (cursor_.take(".")) {
    real = true;
    if (!digits() && !whole) refuse_literal();
  }
  if (!whole && !real) refuse_literal();
  if ((cursor_.peek() | 0x20) == 'e') {
    cursor_.skip();
    if (!cursor_.take("-")) cursor_.take("+");
    if (!digits()) refuse_literal();
    real = true;
  }
  if (cursor_.at_word()) refuse_literal();
  std::string written(begin.substr(0, begin.size() - cursor_.rest().size()));
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

std::optional<Literal> LiteralParser::constant() {
  for (const std::string_view word : {"True", "False", "None"}) {
    LiteralCursor behind = cursor_;
    if (!behind.take(word) || behind.at_word()) continue;
    cursor_ = behind;
    Literal literal;
    literal.repr = word;
    literal.value = word == "None" ? Value() : Value(std::int64_t{word == "True"});
    return literal;
  }
  return std::nullopt;
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

}  // namespace

Literal parse_python_literal(std::string_view text) {
  if (!is_source(text)) refuse_literal();
  const std::string source = with_plain_line_ends(text);
  return LiteralParser(source).parse();
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

}  // namespace millrace::search
