#include "api/rules/validate.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "store/common/error.h"

namespace millrace::validate_test {
namespace {

// The message of the INVALID_PARAMETER_VALUE that `call` throws; "" when it passes.
std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InvalidParameterValue);
    return error.what();
  }
  return "";
}

std::string repeat(std::string_view text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

TEST(ValidateModelName, TakesWhatIsStableAsAPath) {
  for (const char* name : {"m", " a ", "a\nb", "a?b", "a\\b", "x..", "\u00E9", "latest"}) {
    EXPECT_EQ(refusal([&] { validate_model_name(name); }), "") << name;
  }
  EXPECT_EQ(refusal([] { validate_model_name(repeat("x", 100'000)); }), "");
}

TEST(ValidateModelName, HasMlflowsTexts) {
  EXPECT_EQ(refusal([] { validate_model_name(" \u3000"); }),
            "Missing value for required parameter 'name'.");
  EXPECT_EQ(refusal([] { validate_new_model_name(""); }),
            "Missing value for required parameter 'new_name'.");
  EXPECT_EQ(refusal([] { validate_new_model_name("a:b"); }),
            "Invalid model name 'a:b'. Names cannot contain '/' or ':'.");
  EXPECT_EQ(refusal([] { validate_model_name("..\u00E9"); }),
            "Invalid value \"..\\u00e9\" for parameter 'name' supplied: Names may be treated as "
            "files in certain cases, and must not resolve to other names when treated as such. "
            "This name would resolve to '..\u00E9'");
}

TEST(ValidateTagKey, ChecksCharactersThenThePath) {
  for (const char* key : {"a", "a/b", "a.b-c_d: e", "\u4E2D", "a\n"}) {
    EXPECT_EQ(refusal([&] { validate_tag_key(key); }), "") << key;
  }
  EXPECT_EQ(refusal([] { validate_tag_key("/,"); }),
            "Invalid value \"/,\" for parameter 'key' supplied: Names may only contain "
            "alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and "
            "slashes (/).");
  EXPECT_EQ(refusal([] { validate_tag_key(""); }),
            "Invalid value \"\" for parameter 'key' supplied: Names may be treated as files in "
            "certain cases, and must not resolve to other names when treated as such. This name "
            "would resolve to '.'");
  for (const char* key : {"/b", "a//b", "a/", "..", "..a", "a\n\n"}) {
    EXPECT_NE(refusal([&] { validate_tag_key(key); }), "") << key;
  }
}

TEST(ValidateTag, CountsCodePoints) {
  const std::string limit = repeat("\u00E9", 250);
  EXPECT_EQ(refusal([&] { validate_registered_model_tag(limit, ""); }), "");
  EXPECT_EQ(refusal([&] { validate_registered_model_tag(limit + "x", ""); }),
            "'key' exceeds the maximum length of 250 characters");
  const std::string value = repeat("\u00E9", 100'000);
  EXPECT_EQ(refusal([&] { validate_model_version_tag("k", value); }), "");
  EXPECT_EQ(refusal([&] { validate_model_version_tag("k", value + "x"); }),
            "'value' exceeds the maximum length of 100000 characters");
  EXPECT_EQ(refusal([&] { validate_model_version_tag("mlflow.prompt.text", value + "x"); }),
            "Prompt text exceeds max length of 100000 characters.");
  EXPECT_EQ(refusal([&] { validate_registered_model_tag("mlflow.prompt.text", value + "x"); }),
            "'value' exceeds the maximum length of 100000 characters");
}

TEST(ParseModelVersion, IsPythonsInt) {
  EXPECT_EQ(parse_model_version(" +1_0 "), 10);
  EXPECT_EQ(parse_model_version("-1"), -1);
  EXPECT_EQ(parse_model_version("\uFF11"), 1);
  EXPECT_EQ(refusal([] { parse_model_version("1.0"); }),
            "Parameter 'version' must be an integer, got '1.0'.");
  EXPECT_EQ(refusal([] { parse_model_version("9223372036854775808"); }),
            "Parameter 'version' must be a 64-bit integer, got '9223372036854775808'.");
}

TEST(ValidateAlias, HasMlflowsTexts) {
  EXPECT_EQ(refusal([] { validate_alias("a-b_\u00E9\n"); }), "");
  EXPECT_EQ(refusal([] { validate_alias(""); }), "Registered model alias name cannot be empty.");
  EXPECT_EQ(refusal([] { validate_alias("a b"); }),
            "Invalid alias name: 'a b'. Names may only contain alphanumerics, underscores (_), and "
            "dashes (-).");
  EXPECT_EQ(refusal([] { validate_alias(repeat("x", 256)); }),
            "'Registered model alias name' exceeds the maximum length of 255 characters");
}

TEST(ValidateAliasIsFree, ReservesLatestAndVersions) {
  EXPECT_EQ(refusal([] { validate_alias_is_free("v1a"); }), "");
  EXPECT_EQ(refusal([] { validate_alias_is_free("v"); }), "");
  EXPECT_EQ(refusal([] { validate_alias_is_free("LATEST"); }),
            "'latest' alias name (case insensitive) is reserved.");
  EXPECT_EQ(refusal([] { validate_alias_is_free("V\u06612"); }),
            "Version alias name 'V\u06612' is reserved.");
}

TEST(CanonicalStage, IgnoresCase) {
  EXPECT_EQ(canonical_stage("sTAGING"), "Staging");
  EXPECT_EQ(canonical_stage("none"), "None");
  EXPECT_EQ(refusal([] { canonical_stage("foo"); }),
            "Invalid Model Version stage: foo. Value must be one of None, Staging, Production, "
            "Archived.");
}

}  // namespace
}  // namespace millrace::validate_test
