#include "store/text/log_text.h"

#include <gtest/gtest.h>

namespace millrace::log_text_test {
namespace {

TEST(LogText, StaysOnOneLineAndShort) {
  EXPECT_EQ(log_text("plain caf\xC3\xA9"), "plain caf\xC3\xA9");
  EXPECT_EQ(log_text("a\nforged\x1b[31m\x7f"), "a\\x0aforged\\x1b[31m\\x7f");
  EXPECT_EQ(log_text(std::string(300, 'x')), std::string(200, 'x') + "...");
}

}  // namespace
}  // namespace millrace::log_text_test
