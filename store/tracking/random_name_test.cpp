#include "store/tracking/random_name.h"

#include <gtest/gtest.h>

#include <regex>
#include <set>

namespace millrace::tracking::random_name_test {
namespace {

TEST(RandomName, HasMlflowsForm) {
  const std::regex form("[a-z]{3,7}-[a-z]{3,7}-(1000|[0-9]{1,3})");
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string name = random_name();
    EXPECT_TRUE(std::regex_match(name, form)) << name;
    EXPECT_LE(name.size(), 20U) << name;
    seen.insert(name);
  }
  EXPECT_GT(seen.size(), 950U);
}

}  // namespace
}  // namespace millrace::tracking::random_name_test
