#include "api/http/target.h"

#include <gtest/gtest.h>

namespace millrace::target_test {
namespace {

TEST(Target, SplitsAtTheFirstQuestionMarkOnly) {
  const Target target = parse_target("/a%20b?x=1?y=2#z");
  EXPECT_EQ(target.path, "/a b");
  EXPECT_EQ(target.raw_path, "/a%20b");
  EXPECT_EQ(target.raw_query, "x=1?y=2#z");
}

TEST(Target, AbsoluteFormStaysAsItIs) {
  EXPECT_EQ(parse_target("http://h:1/p?q").path, "http://h:1/p");
}

TEST(Target, PathIsDecodedOnceAndInvalidUtf8IsReplaced) {
  EXPECT_EQ(parse_target("/%2561").path, "/%61");
  EXPECT_EQ(parse_target("/%ff%41%").path,
            "/\xEF\xBF\xBD"
            "A%");
  // One replacement per maximal subpart, as CPython does it.
  EXPECT_EQ(parse_target("%E2%82z").path, "\xEF\xBF\xBDz");
  EXPECT_EQ(parse_target("%ED%A0%80").path, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(Query, BlankPlusAndRepeatedNames) {
  const QueryArguments arguments = parse_query("a=1+2&&b&a=%2B&=c");
  ASSERT_EQ(arguments.size(), 4u);
  EXPECT_EQ(arguments[0], (std::pair<std::string, std::string>("a", "1 2")));
  EXPECT_EQ(arguments[1], (std::pair<std::string, std::string>("b", "")));
  EXPECT_EQ(arguments[2], (std::pair<std::string, std::string>("a", "+")));
  EXPECT_EQ(arguments[3], (std::pair<std::string, std::string>("", "c")));
}

TEST(Query, UndecodableBytesKeepTheirPercentForm) {
  EXPECT_EQ(parse_query("a=%ff%C3%A9").front().second, "%FF\xC3\xA9");
  EXPECT_EQ(parse_query("a=%zz").front().second, "%zz");
}

}  // namespace
}  // namespace millrace::target_test
