#include "api/commands/option_values.h"

#include <gtest/gtest.h>

namespace millrace::option_values_test {
namespace {

TEST(SplitList, TrimsEachPart) {
  EXPECT_EQ(split_list(""), (std::vector<std::string>{}));
  EXPECT_EQ(split_list("a"), (std::vector<std::string>{"a"}));
  EXPECT_EQ(split_list(" a , b.*,\tc\n"), (std::vector<std::string>{"a", "b.*", "c"}));
  EXPECT_EQ(split_list("a,,b,"), (std::vector<std::string>{"a", "", "b", ""}));
}

}  // namespace
}  // namespace millrace::option_values_test
