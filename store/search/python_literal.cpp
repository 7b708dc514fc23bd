#include "store/search/python_literal.h"

#include <utility>

#include "store/common/error.h"
#include "store/search/literal_parser.h"

namespace millrace::search {

LiteralValue parse_literal(std::string_view text) {
  Literal literal = parse_python_literal(text);
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
  Literal parsed = parse_python_literal(literal);
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
