// The tokens of a JSON text: strings, numbers, words and single characters. Used by the reader.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "api/json/value.h"

namespace millrace {

// Walks over a text. Whatever returns false leaves the position undefined: the text is malformed.
class JsonTokens {
 public:
  explicit JsonTokens(std::string_view text) : text_(text) {}

  // Skips white space and tells the next character, '\0' at the end (and for a NUL, which no token
  // begins with).
  char peek();
  bool at_end() { return peek() == '\0' && position_ == text_.size(); }

  // Takes the character that peek() told.
  void take() { ++position_; }

  // Each begins at the character that peek() told.
  bool read_string(std::string& value);
  bool read_scalar(Json& value);  // any value but a list or an object

 private:
  bool read_escape(std::string& value);
  bool read_hex(char32_t& unit);
  bool read_word(std::string_view word);
  bool read_number(Json& value);
  std::size_t digits();
  bool is_at(std::size_t position, char wanted) const {
    return position < text_.size() && text_[position] == wanted;
  }

  std::string_view text_;
  std::size_t position_ = 0;
};

}  // namespace millrace
