#include "store/text/percent_decoding.h"

#include <gtest/gtest.h>

namespace millrace::percent_decoding_test {
namespace {

constexpr const char* kReplacement = "\xEF\xBF\xBD";

TEST(Unquote, DecodesOnceAndKeepsWhatIsNoEscape) {
  EXPECT_EQ(unquote(""), "");
  EXPECT_EQ(unquote("a+b%20c%2fd%2Fe"), "a+b c/d/e");
  EXPECT_EQ(unquote("%252e"), "%2e");
  EXPECT_EQ(unquote("100%"), "100%");
  EXPECT_EQ(unquote("%zz%4"), "%zz%4");
  EXPECT_EQ(unquote("%%41"), "%A");
  EXPECT_EQ(unquote("%00"), std::string(1, '\0'));
}

TEST(Unquote, ReplacesBytesThatAreNotUtf8) {
  EXPECT_EQ(unquote("%C3%A9"), "\u00E9");
  EXPECT_EQ(unquote("%FF"), kReplacement);
  EXPECT_EQ(unquote("%E2%82x"), std::string(kReplacement) + "x");
  EXPECT_EQ(unquote("%E2%28"), std::string(kReplacement) + "(");
  EXPECT_EQ(unquote("%F0%9F%98%80"), "\U0001F600");
  EXPECT_EQ(unquote("%ED%A0%80"), std::string(kReplacement) + kReplacement + kReplacement);
  EXPECT_EQ(unquote("%C3\u00E9"), std::string(kReplacement) + "\u00E9");
}

TEST(UnquoteFully, ReachesTheFixedPoint) {
  EXPECT_EQ(unquote_fully("%25252e%252E/%2e%2e", Plus::Kept), "../..");
  EXPECT_EQ(unquote_fully("%2%35%32e", Plus::Kept), ".");
  EXPECT_EQ(unquote_fully("a%25", Plus::Kept), "a%");
  EXPECT_EQ(unquote_fully("%%%32e", Plus::Kept), "%.");
}

TEST(UnquoteFully, TakesPlusAsASpaceInEveryRound) {
  EXPECT_EQ(unquote_fully("a+b%2Bc%252Bd", Plus::IsSpace), "a b c d");
  EXPECT_EQ(unquote_fully("a+b%2Bc", Plus::Kept), "a+b+c");
}

TEST(UnquoteFully, JoinsOnlyTheBytesOfOneRound) {
  EXPECT_EQ(unquote_fully("%25C3%25A9", Plus::Kept), "\u00E9");
  EXPECT_EQ(unquote_fully("%C3%25A9", Plus::Kept), std::string(kReplacement) + kReplacement);
}

TEST(UnquoteFully, IsLinearInDeepNesting) {
  std::string nested = "%";
  for (int i = 0; i < 500'000; ++i) nested += "25";
  EXPECT_EQ(unquote_fully(nested + "41", Plus::Kept), "A");
}

TEST(Quote, KeepsLettersDigitsAndWhatItIsTold) {
  EXPECT_EQ(quote("aZ09-_/ %\u00e9", "-_"), "aZ09-_%2F%20%25%C3%A9");
  EXPECT_EQ(quote("a/b", "/"), "a/b");
  EXPECT_EQ(quote(std::string("\0", 1), ""), "%00");
}

}  // namespace
}  // namespace millrace::percent_decoding_test
