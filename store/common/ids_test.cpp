#include "store/common/ids.h"

#include <gtest/gtest.h>

#include <set>

namespace millrace::ids_test {
namespace {

TEST(Ids, AreVersionFourUuidsInHex) {
  for (int i = 0; i < 1000; ++i) {
    const std::string id = new_id();
    ASSERT_EQ(id.size(), 32u);
    ASSERT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos) << id;
    ASSERT_EQ(id[12], '4') << id;
    ASSERT_NE(std::string("89ab").find(id[16]), std::string::npos) << id;
  }
}

TEST(Ids, DoNotRepeat) {
  std::set<std::string> seen;
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(seen.insert(new_id()).second);
}

}  // namespace
}  // namespace millrace::ids_test
