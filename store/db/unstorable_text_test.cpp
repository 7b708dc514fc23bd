#include "store/db/unstorable_text.h"

#include <gtest/gtest.h>

namespace millrace::unstorable_text_test {
namespace {

TEST(UnstorableText, IsComparedInUtf8) {
  EXPECT_EQ(compared_in_utf8("SELECT 1 FROM t WHERE a = :a AND \"b:c\" != ':d' AND e IN (:e, :f1)",
                             {std::string("é"), std::string("plain"), std::string("实验")}),
            "SELECT 1 FROM t WHERE a = :a COLLATE utf8mb4_bin AND \"b:c\" != ':d' AND"
            " e IN (:e, :f1 COLLATE utf8mb4_bin)");
}

TEST(UnstorableText, IsNotTheReasonWhereAllTextsAreAscii) {
  EXPECT_THROW(
      compared_in_utf8("SELECT 1 WHERE a = :a AND n = :n", {std::string("a"), std::int64_t{1}}),
      Error);
}

TEST(UnstorableText, IsLookedForWhereItMayBe) {
  const Values nul{std::int64_t{1}, std::string("a\0b", 3)};
  const Values foreign{std::string("实验")};
  EXPECT_TRUE(may_be_unstorable(nul, false));
  EXPECT_FALSE(may_be_unstorable(foreign, false));
  EXPECT_TRUE(may_be_unstorable(foreign, true));
  EXPECT_FALSE(may_be_unstorable({std::string("plain"), Value()}, true));
}

}  // namespace
}  // namespace millrace::unstorable_text_test
