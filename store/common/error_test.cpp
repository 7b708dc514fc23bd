#include "store/common/error.h"

#include <gtest/gtest.h>

namespace millrace::common_error_test {
namespace {

TEST(Error, QuotesUpToAStatedLength) {
  const std::string fits(kLongestMessage, 'a');
  EXPECT_EQ(Error(ErrorCode::BadRequest, fits).message(), fits);
  const std::string half(kLongestMessage / 2, 'a');
  EXPECT_EQ(Error(ErrorCode::BadRequest, half + "b" + half).message(),
            half + " ... (1 bytes left out) ... " + half);
  EXPECT_EQ(shown_message("'" + std::string(1'000'000, 'a') + "' is no name."),
            "'" + std::string(kLongestMessage / 2 - 1, 'a') + " ... (868942 bytes left out) ... " +
                std::string(kLongestMessage / 2 - 13, 'a') + "' is no name.");
}

TEST(Error, CutsNoCharacterInTwo) {
  std::string text;
  for (std::size_t i = 0; i < kLongestMessage; ++i) text += "\u00E9";
  for (const std::string& message : {text, "a" + text, text + "a"}) {
    const std::string shown = shown_message(message);
    const std::size_t gap = shown.find(" ... (");
    EXPECT_EQ(static_cast<unsigned char>(shown[gap - 1]), 0xA9);
    EXPECT_EQ(static_cast<unsigned char>(shown[shown.find(") ... ") + 6]), 0xC3);
  }
}

}  // namespace
}  // namespace millrace::common_error_test
