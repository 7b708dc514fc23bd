// The lexical part of GraphQL (specification, section 2.1).
#pragma once

#include <string>
#include <string_view>

namespace millrace::graphql {

struct Token {
  enum class Kind { End, Punctuator, Name, Int, Float, String };
  Kind kind = Kind::End;
  std::string text;  // of a string its value

  bool is(std::string_view punctuator) const {
    return kind == Kind::Punctuator && text == punctuator;
  }
};

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  // Throws INVALID_PARAMETER_VALUE.
  Token next();

 private:
  void skip_ignored();
  Token number();
  Token string();
  Token block_string();
  char32_t unicode_escape();
  bool at_digit(std::size_t position) const;
  [[noreturn]] void refuse(std::string_view expected) const;

  std::string_view source_;
  std::size_t position_ = 0;
};

// "The GraphQL query cannot be parsed: {what}".
[[noreturn]] void throw_syntax_error(const std::string& what);

}  // namespace millrace::graphql
