#include "api/rest/page_token.h"

#include <gtest/gtest.h>

#include <limits>

#include "store/common/error.h"

namespace millrace::page_token_test {
namespace {

std::string refusal(const std::string& token) {
  try {
    return "decoded " + std::to_string(decode_page_token(token));
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InvalidParameterValue);
    return error.what();
  }
}

TEST(PageToken, IsTheTextThatPythonWrites) {
  EXPECT_EQ(encode_page_token(0), "eyJvZmZzZXQiOiAwfQ==");
  EXPECT_EQ(encode_page_token(100), "eyJvZmZzZXQiOiAxMDB9");
}

TEST(PageToken, ComesBack) {
  for (const std::int64_t offset :
       {std::int64_t{1}, std::int64_t{-1}, std::int64_t{200'000},
        std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
    EXPECT_EQ(decode_page_token(encode_page_token(offset)), offset);
  }
  EXPECT_EQ(decode_page_token(""), 0);
}

TEST(PageToken, IsReadLeniently) {
  EXPECT_EQ(decode_page_token("ey-Jv\nZmZz!ZXQiOiA1fQ==and so on"), 5);
  EXPECT_EQ(decode_page_token("eyJvZmZzZXQiOiAiIDggIn0="), 8);   // " 8 "
  EXPECT_EQ(decode_page_token("eyJvZmZzZXQiOiAtMS45fQ=="), -1);  // -1.9
  EXPECT_EQ(decode_page_token("eyJvZmZzZXQiOiB0cnVlfQ=="), 1);   // true
}

TEST(PageToken, HasMlflowsTexts) {
  EXPECT_EQ(refusal("A"), "Invalid page token, could not base64-decode");
  EXPECT_EQ(refusal("\u00E9"), "Invalid page token, could not base64-decode");
  EXPECT_EQ(refusal("!!!"), "Invalid page token, decoded value=b''");
  EXPECT_EQ(refusal("/w=="), "Invalid page token, decoded value=b'\\xff'");
  EXPECT_EQ(refusal("eyJvZmZzZXQiOiAwfQ=="), "Invalid page token, parsed value={'offset': 0}");
  EXPECT_EQ(refusal("eyJvZmZzZXQiOiAieCJ9"), "Invalid page token, not stringable x");
}

TEST(PageToken, AnswersWhereMlflowCrashes) {
  EXPECT_EQ(refusal("WzFd"), "Invalid page token, parsed value=[1]");
  EXPECT_EQ(refusal("eyJvZmZzZXQiOiBbMV19"), "Invalid page token, not stringable [1]");
  EXPECT_EQ(refusal("eyJvZmZzZXQiOiAxZTMwfQ=="), "Invalid page token, not stringable 1e+30");
  EXPECT_EQ(refusal("eyJvZmZzZXQiOiA5MjIzMzcyMDM2ODU0Nzc1ODA4fQ=="),
            "Invalid page token, not stringable 9223372036854775808");
}

}  // namespace
}  // namespace millrace::page_token_test
