// Tokens and groups of a statement, as sqlparse tells them apart (sqlparse.tokens, sqlparse.sql).
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::search {

template <class T, class U>
bool one_of(const T& value, std::initializer_list<U> values) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

// sqlparse's token types, as far as a rule of the lexer produces them. Those of one family stand
// together, so that "in T.Keyword" is a range.
enum class TokenType : std::uint8_t {
  None,  // a group
  Whitespace,
  Newline,
  Keyword,
  KeywordDml,
  KeywordDdl,
  KeywordDcl,
  KeywordCte,
  KeywordOrder,
  KeywordTzCast,
  Name,
  NamePlaceholder,
  NameBuiltin,
  Literal,
  StringSingle,
  StringSymbol,
  NumberInteger,
  NumberFloat,
  NumberHexadecimal,
  CommentSingle,
  CommentSingleHint,
  CommentMultiline,
  CommentMultilineHint,
  Punctuation,
  Operator,
  OperatorComparison,
  Wildcard,
  Assignment,
  Command,
  Error,
};

constexpr bool is_whitespace(TokenType type) {
  return type == TokenType::Whitespace || type == TokenType::Newline;
}
constexpr bool is_keyword(TokenType type) {
  return type >= TokenType::Keyword && type <= TokenType::KeywordTzCast;
}
constexpr bool is_name(TokenType type) {
  return type >= TokenType::Name && type <= TokenType::NameBuiltin;
}
constexpr bool is_number(TokenType type) {
  return type >= TokenType::NumberInteger && type <= TokenType::NumberHexadecimal;
}
constexpr bool is_comment(TokenType type) {
  return type >= TokenType::CommentSingle && type <= TokenType::CommentMultilineHint;
}

// sqlparse's classes of groups. None is a token of the lexer.
enum class Group : std::uint8_t {
  None,
  Statement,
  Comment,
  SquareBrackets,
  Parenthesis,
  Case,
  If,
  For,
  Begin,
  Over,
  Function,
  Where,
  Identifier,
  TypedLiteral,
  Operation,
  Comparison,
  Assignment,
  IdentifierList,
  Values,
};

// A token of the lexer, or a group with its parts. `text` is the stretch of the source that it
// covers; parts belong to the arena of their ParsedSql.
struct Token {
  TokenType type = TokenType::None;
  Group group = Group::None;
  std::string_view text;
  std::vector<Token*> parts;

  bool is_group() const { return group != Group::None; }
  bool is_blank() const { return is_whitespace(type); }

  // Token.match: exactly this type, and this text; keywords in any case, `wanted` in upper case.
  bool matches(TokenType wanted_type, std::string_view wanted) const;
};

// What sqlparse.parse returns. Views point into the text that was parsed.
struct ParsedSql {
  std::deque<Token> arena;
  std::vector<Token*> statements;
  std::string_view refusal;  // sqlparse's words where it refuses the text; else empty
};

// str.upper() as far as words of the grammar go: letters whose upper case is ASCII; others stay.
std::string upper(std::string_view text);

// upper(text) == word, for a word in ASCII.
bool raises_to(std::string_view text, std::string_view word);

}  // namespace millrace::search
