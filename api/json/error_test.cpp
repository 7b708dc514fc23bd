#include "api/json/error.h"

#include <gtest/gtest.h>

namespace millrace::json_error_test {
namespace {

// Texts and errors are those of Python 3.11.
TEST(JsonError, WordsAndPlaces) {
  EXPECT_EQ(python_json_error(""), "Expecting value: line 1 column 1 (char 0)");
  EXPECT_EQ(python_json_error("  "), "Expecting value: line 1 column 3 (char 2)");
  EXPECT_EQ(python_json_error("{"),
            "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)");
  EXPECT_EQ(python_json_error("{\"a\" 1}"), "Expecting ':' delimiter: line 1 column 6 (char 5)");
  EXPECT_EQ(python_json_error("{\"a\":1 2}"), "Expecting ',' delimiter: line 1 column 8 (char 7)");
  EXPECT_EQ(python_json_error("[1,]"), "Expecting value: line 1 column 4 (char 3)");
  EXPECT_EQ(python_json_error("01"), "Extra data: line 1 column 2 (char 1)");
  EXPECT_EQ(python_json_error("1.5e x"), "Extra data: line 1 column 4 (char 3)");
  EXPECT_EQ(python_json_error("\"ab"), "Unterminated string starting at: line 1 column 1 (char 0)");
  EXPECT_EQ(python_json_error("\"\\x\""), "Invalid \\escape: line 1 column 2 (char 1)");
  EXPECT_EQ(python_json_error("\"\\u12\""), "Invalid \\uXXXX escape: line 1 column 3 (char 2)");
  EXPECT_EQ(python_json_error("\n \xC3\xA9"), "Expecting value: line 2 column 2 (char 2)");
}

TEST(JsonError, Utf8) {
  EXPECT_TRUE(is_utf8("a\xC3\xA9\xF0\x9F\x98\x80"));
  EXPECT_FALSE(is_utf8("\xFF"));
  EXPECT_FALSE(is_utf8("\xC3"));
  EXPECT_FALSE(is_utf8("\xED\xA0\x80"));
}

}  // namespace
}  // namespace millrace::json_error_test
