#include "api/http/descriptor_split.h"

#include <gtest/gtest.h>

namespace millrace::descriptor_split_test {
namespace {

TEST(DescriptorSplit, AllOfThemAreEnoughForWhatTheyAreFor) {
  for (std::size_t all = 16; all <= 65536; ++all) {
    const DescriptorSplit split = split_descriptors(all, 384, 128);
    EXPECT_GE(split.threads, 1U);
    EXPECT_GE(split.transfers, 1U);
    EXPECT_GE(split.connections, 4U);
    EXPECT_LE(split.threads + 3 * split.transfers + split.connections, all);
    ASSERT_FALSE(HasFailure()) << all;
  }
}

TEST(DescriptorSplit, ManyLeaveTheThreadsAsTheyAre) {
  const DescriptorSplit split = split_descriptors(65536, 384, 128);
  EXPECT_EQ(split.threads, 384U);
  EXPECT_EQ(split.transfers, 128U);
  EXPECT_GT(split.connections, 64'000U);
}

}  // namespace
}  // namespace millrace::descriptor_split_test
