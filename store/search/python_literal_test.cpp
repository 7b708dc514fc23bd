#include "store/search/python_literal.h"

#include <gmock/gmock.h>

#include "store/common/error.h"

namespace millrace::search::python_literal_test {
namespace {

using testing::ElementsAre;
using testing::EndsWith;

std::string refusal(std::string_view literal) {
  try {
    parse_text_list(literal);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InvalidParameterValue);
    return error.message();
  }
  return "accepted";
}

TEST(PythonLiteral, TextsOfAList) {
  EXPECT_THAT(parse_text_list("('a', \"b\",)"), ElementsAre("a", "b"));
  EXPECT_THAT(parse_text_list("('a')"), ElementsAre("a"));
  EXPECT_THAT(parse_text_list("((('a', 'b')))"), ElementsAre("a", "b"));
  EXPECT_THAT(parse_text_list("(('a'), ('b'))"), ElementsAre("a", "b"));
  EXPECT_THAT(parse_text_list("( # note\n'a' \\\n 'b' r'\\c' U'd', '''e\r\n'f''')"),
              ElementsAre("ab\\cd", "e\n'f"));
}

TEST(PythonLiteral, Escapes) {
  EXPECT_THAT(parse_text_list("('m\\x6d\\u00e9\\U0001F600\\101\\\n\\q\\'')"),
              ElementsAre("mm\u00e9\U0001F600A\\q'"));
  EXPECT_THAT(refusal("('\\x1')"), EndsWith("got ill-formed list."));
  EXPECT_THAT(refusal("('\\U00110000')"), EndsWith("got ill-formed list."));
}

TEST(PythonLiteral, OtherTypesArePrintedAsPythonDoes) {
  EXPECT_THAT(refusal("(1, 2)"), EndsWith("got different type in list: (1, 2)"));
  EXPECT_THAT(refusal("(-1_0, 1e16, None, True, [b'\\xff', ()], ('a',))"),
              EndsWith("in list: (-10, 1e+16, None, True, [b'\\xff', ()], ('a',))"));
  EXPECT_THAT(refusal("(5)"), EndsWith("in list: (5,)"));
}

TEST(PythonLiteral, NoLists) {
  EXPECT_THAT(refusal("()"), EndsWith("got empty list"));
  for (const std::string_view literal :
       {"(,)", "('a' 'b', c)", "('a\nb')", "('a' b'b')", "(b'\u00e9')", "(007)", "('a'", "('a'))",
        "", "('a' 1)", "(f'a')", "(a)", "(1 + 1)", "(--1)", "('\xED\xA0\x80')"}) {
    EXPECT_THAT(refusal(literal), EndsWith("got ill-formed list.")) << literal;
  }
}

TEST(PythonLiteral, DepthIsBounded) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_THAT(refusal("(" + deep + ")"), EndsWith("got ill-formed list."));
}

}  // namespace
}  // namespace millrace::search::python_literal_test
