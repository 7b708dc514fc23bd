// The lexer of the search languages: sqlparse's Lexer.get_tokens, token for token.
#pragma once

#include <string_view>
#include <unordered_map>
#include <vector>

#include "store/search/sql_token.h"

namespace millrace::search {

struct Lexeme {
  TokenType type;
  std::string_view text;
};

// Every byte of the text is in exactly one lexeme, none is empty, and no text is refused. Linear in
// the text. The text must outlive the lexer and its lexemes.
class Lexer {
 public:
  explicit Lexer(std::string_view text);

  bool done() const { return position_ == text_.size(); }

  // The next lexeme; call only while not done().
  Lexeme next();

 private:
  // Where a comment or a dollar-quoted literal that opens at the position ends, or 0.
  std::size_t comment_end();
  std::size_t dollar_literal_end() const;

  std::string_view text_;
  std::size_t position_ = 0;
  bool comment_closers_left_ = true;
  // `$tag$` -> where it occurs, ascending.
  std::unordered_map<std::string_view, std::vector<std::size_t>> dollar_tags_;
};

}  // namespace millrace::search
