#include "store/search/literal_cursor.h"

#include "store/common/error.h"
#include "store/text/python_text.h"

namespace millrace::search {

void refuse_literal() {
  throw_invalid_parameter(
      "While parsing a list in the query, expected a non-empty list of string values, but got "
      "ill-formed list.");
}

bool LiteralCursor::take(std::string_view part) {
  if (text_.substr(position_, part.size()) != part) return false;
  position_ += part.size();
  return true;
}

// Inside brackets, where all of this happens, line ends are blanks too.
void LiteralCursor::skip_blanks() {
  while (!at_end()) {
    if (peek() == '#') {
      while (!at_end() && peek() != '\n') ++position_;
    } else if (!take(" ") && !take("\t") && !take("\f") && !take("\n") && !take("\\\n")) {
      return;
    }
  }
}

bool LiteralCursor::at_word() const {
  std::size_t next = position_;
  return next < text_.size() && python::is_word(python::next_code_point(text_, next));
}

}  // namespace millrace::search
