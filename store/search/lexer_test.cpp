#include "store/search/lexer.h"

#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

namespace millrace::search::lexer_test {
namespace {

using testing::ElementsAre;
using testing::Pair;
using Type = TokenType;

std::vector<std::pair<Type, std::string>> lex(std::string_view text) {
  std::vector<std::pair<Type, std::string>> lexemes;
  for (Lexer lexer(text); !lexer.done();) {
    const Lexeme lexeme = lexer.next();
    if (lexeme.type != Type::Whitespace) lexemes.emplace_back(lexeme.type, lexeme.text);
  }
  return lexemes;
}

TEST(Lexer, WordsAreKeywordsUnlessADotOrParenthesisIsBeside) {
  EXPECT_THAT(lex("name"), ElementsAre(Pair(Type::Name, "name")));
  EXPECT_THAT(lex("order"), ElementsAre(Pair(Type::Keyword, "order")));
  EXPECT_THAT(lex("timestamp"), ElementsAre(Pair(Type::NameBuiltin, "timestamp")));
  EXPECT_THAT(lex("tags.order"), ElementsAre(Pair(Type::Name, "tags"), Pair(Type::Punctuation, "."),
                                             Pair(Type::Name, "order")));
  EXPECT_THAT(lex("left ( "),
              ElementsAre(Pair(Type::Keyword, "left"), Pair(Type::Punctuation, "(")));
  EXPECT_THAT(lex("left("), ElementsAre(Pair(Type::Name, "left"), Pair(Type::Punctuation, "(")));
  EXPECT_THAT(lex("IN("), ElementsAre(Pair(Type::Keyword, "IN"), Pair(Type::Punctuation, "(")));
}

TEST(Lexer, WordsThatBelongTogetherAreOneToken) {
  EXPECT_THAT(lex("not \t like"), ElementsAre(Pair(Type::OperatorComparison, "not \t like")));
  EXPECT_THAT(lex("not\nnull"), ElementsAre(Pair(Type::Keyword, "not\nnull")));
  EXPECT_THAT(lex("not in"), ElementsAre(Pair(Type::Keyword, "not"), Pair(Type::Keyword, "in")));
  EXPECT_THAT(lex("desc nulls last"), ElementsAre(Pair(Type::KeywordOrder, "desc nulls last")));
  EXPECT_THAT(lex("liked"), ElementsAre(Pair(Type::Name, "liked")));
}

TEST(Lexer, ANumberEndsBeforeTheDigitThatALetterFollows) {
  EXPECT_THAT(lex("12a"), ElementsAre(Pair(Type::NumberInteger, "1"), Pair(Type::Name, "2a")));
  EXPECT_THAT(lex("1.5a"), ElementsAre(Pair(Type::NumberFloat, "1."), Pair(Type::Name, "5a")));
  EXPECT_THAT(lex("1e-5x"), ElementsAre(Pair(Type::NumberFloat, "1e-5"), Pair(Type::Name, "x")));
  EXPECT_THAT(lex("-0x1F"), ElementsAre(Pair(Type::NumberHexadecimal, "-0x1F")));
  EXPECT_THAT(lex("\u0661"), ElementsAre(Pair(Type::NumberInteger, "\u0661")));
  EXPECT_THAT(lex("-.5"), ElementsAre(Pair(Type::NumberFloat, "-.5")));
}

TEST(Lexer, ADoubledQuoteOrBackslashBelongsToAStringThatEndsLater) {
  EXPECT_THAT(lex("'it''s'"), ElementsAre(Pair(Type::StringSingle, "'it''s'")));
  EXPECT_THAT(lex("'a\\'b'"), ElementsAre(Pair(Type::StringSingle, "'a\\'b'")));
  EXPECT_THAT(lex("'a\\'"), ElementsAre(Pair(Type::StringSingle, "'a\\'")));
  EXPECT_THAT(lex("'a''"), ElementsAre(Pair(Type::StringSingle, "'a'"), Pair(Type::Error, "'")));
  EXPECT_THAT(lex("\"a"), ElementsAre(Pair(Type::Error, "\""), Pair(Type::Name, "a")));
  EXPECT_THAT(lex("`a``b`"), ElementsAre(Pair(Type::Name, "`a``b`")));
}

TEST(Lexer, CommentsAndDollarLiterals) {
  EXPECT_THAT(lex("/*+ a */"), ElementsAre(Pair(Type::CommentMultilineHint, "/*+ a */")));
  EXPECT_THAT(lex("/* a"), ElementsAre(Pair(Type::Operator, "/"), Pair(Type::Wildcard, "*"),
                                       Pair(Type::Name, "a")));
  EXPECT_THAT(lex("-- a\r\nb"),
              ElementsAre(Pair(Type::CommentSingle, "-- a\r\n"), Pair(Type::Name, "b")));
  EXPECT_THAT(lex("$t$ 'x $t$"), ElementsAre(Pair(Type::Literal, "$t$ 'x $t$")));
  EXPECT_THAT(
      lex("$t$ x $T$"),
      ElementsAre(Pair(Type::NamePlaceholder, "$t"), Pair(Type::Error, "$"), Pair(Type::Name, "x"),
                  Pair(Type::NamePlaceholder, "$T"), Pair(Type::Error, "$")));
}

TEST(Lexer, CaseIsFoldedAsPythonDoes) {
  EXPECT_THAT(lex("\u0131N"), ElementsAre(Pair(Type::Keyword, "\u0131N")));             // dotless i
  EXPECT_THAT(lex("\u017Felect"), ElementsAre(Pair(Type::KeywordDml, "\u017Felect")));  // long s
  EXPECT_THAT(lex("\uFB01rst"), ElementsAre(Pair(Type::Keyword, "\uFB01rst")));         // ligature
}

TEST(Lexer, BytesThatAreNoTextAreErrors) {
  EXPECT_THAT(lex("\x80"), ElementsAre(Pair(Type::Error, "\x80")));
  EXPECT_THAT(lex(std::string_view("\0", 1)), ElementsAre(Pair(Type::Error, std::string(1, '\0'))));
}

}  // namespace
}  // namespace millrace::search::lexer_test
