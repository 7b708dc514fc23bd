// Where the reading of a Python literal has come to.
#pragma once

#include <string_view>

namespace millrace::search {

// Throws INVALID_PARAMETER_VALUE with MLflow's text for a list that is no literal.
[[noreturn]] void refuse_literal();

class LiteralCursor {
 public:
  explicit LiteralCursor(std::string_view text) : text_(text) {}

  bool at_end() const { return position_ == text_.size(); }
  // The byte at the cursor or behind it; NUL, which no literal has, beyond the end.
  char peek(std::size_t ahead = 0) const {
    return position_ + ahead < text_.size() ? text_[position_ + ahead] : '\0';
  }
  std::string_view rest() const { return text_.substr(position_); }

  // Moves on behind `part` if that is what comes next.
  bool take(std::string_view part);
  // Moves on; not beyond the end.
  void skip(std::size_t bytes = 1) { position_ += bytes; }
  void skip_blanks();
  // Whether what comes next would make a longer word of the one before it.
  bool at_word() const;

 private:
  std::string_view text_;
  std::size_t position_ = 0;
};

}  // namespace millrace::search
