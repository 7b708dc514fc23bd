#include "api/rest/logged_model_token.h"

#include <gtest/gtest.h>

#include "api/rest/page_token.h"
#include "store/common/error.h"

namespace millrace::logged_model_token_test {
namespace {

const LoggedModelQuery kQuery{
    {"0", "7"}, "name = 'a'", {{.field_name = "metrics.loss", .ascending = false}}};

std::string refusal(const std::string& token, const LoggedModelQuery& query) {
  try {
    decode_logged_model_token(token, query);
  } catch (const Error& error) {
    return error.message();
  }
  return "";
}

TEST(LoggedModelToken, RepeatsItsQuery) {
  const std::string token = encode_logged_model_token(kQuery, 20);
  EXPECT_EQ(base64_decode(token),
            "{\"experiment_ids\": [\"0\", \"7\"], \"filter_string\": \"name = 'a'\", \"order_by\": "
            "[{\"field_name\": \"metrics.loss\", \"ascending\": false, \"dataset_name\": null, "
            "\"dataset_digest\": null}], \"offset\": 20}");
  EXPECT_EQ(decode_logged_model_token(token, kQuery), 20);
  EXPECT_EQ(decode_logged_model_token("", kQuery), 0);
  LoggedModelQuery other = kQuery;
  other.experiment_ids = {"0"};
  EXPECT_EQ(refusal(token, other),
            "Experiment IDs in the page token do not match the requested experiment IDs. "
            "Expected: ['0']. Found: ['0', '7']");
  other = kQuery;
  other.filter = "";
  EXPECT_EQ(refusal(token, other),
            "Filter string in the page token does not match the requested filter string. "
            "Expected: None. Found: name = 'a'");
  other = kQuery;
  other.order_by.clear();
  EXPECT_EQ(refusal(token, other),
            "Order by in the page token does not match the requested order by. Expected: None. "
            "Found: [{'field_name': 'metrics.loss', 'ascending': False, 'dataset_name': None, "
            "'dataset_digest': None}]");
}

TEST(LoggedModelToken, WhatIsNoToken) {
  EXPECT_EQ(refusal("!", kQuery),
            "Invalid page token: !. Expecting value: line 1 column 1 (char 0)");
  EXPECT_EQ(refusal("a", kQuery), "Invalid page token: a. It is not base64 of a JSON text.");
  EXPECT_EQ(refusal("W10=", kQuery), "Invalid page token: W10=. It does not hold a JSON object.");
}

}  // namespace
}  // namespace millrace::logged_model_token_test
