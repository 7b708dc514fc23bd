#include "api/rest/memory.h"

#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <string>

namespace millrace::memory_test {
namespace {

// KiB of files that are mapped, by the kernel's account.
long mapped_files() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("RssFile:")) return std::stol(line.substr(8));
  }
  return 0;
}

TEST(MemoryTest, AfterTheStartOnlyWhatIsUsedOfTheProgramIsInMemory) {
  const std::regex words("(a|b)+c");
  EXPECT_TRUE(std::regex_match("abac", words));
  const long before = mapped_files();
  give_back_start();
  const long after = mapped_files();
  EXPECT_LT(after, before / 2);
  EXPECT_GT(after, 0);
  EXPECT_TRUE(std::regex_match("abac", words));  // what was let go of comes back
  EXPECT_THROW(std::stol("no number"), std::invalid_argument);
}

}  // namespace
}  // namespace millrace::memory_test
