// The words that sqlparse knows, recorded by scripts/record_sql_tokens.py.
#pragma once

#include <span>
#include <string_view>

#include "store/search/sql_token.h"

namespace millrace::search {

// Words that make one token together: a blank stands for any run of white space, letters match in
// any case. The first of a list that matches wins.
struct Phrase {
  std::string_view words;
  TokenType type;
};

extern const std::span<const Phrase> early_phrases;  // before names are looked for
extern const std::span<const Phrase> late_phrases;   // after numbers and strings

// Single words, upper case, each followed by a blank.
struct WordList {
  TokenType type;
  std::string_view words;
};

extern const std::span<const WordList> keyword_lists;

}  // namespace millrace::search
