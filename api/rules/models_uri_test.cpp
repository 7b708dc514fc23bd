#include "api/rules/models_uri.h"

#include <gtest/gtest.h>

namespace millrace::models_uri_test {
namespace {

std::string shown(const char* uri) {
  const auto parsed = parse_models_uri(uri);
  if (!parsed) return "none";
  return parsed->model_id + "|" + parsed->name + "|" + parsed->version + "|" + parsed->stage + "|" +
         parsed->alias;
}

TEST(ParseModelsUri, TellsTheFormsApart) {
  EXPECT_EQ(shown("models:/m-1"), "m-1||||");
  EXPECT_EQ(shown("models:/a/01"), "|a|01||");
  EXPECT_EQ(shown("models:/a/\u00B2"), "|a|\u00B2||");
  EXPECT_EQ(shown("models:/a/LATEST"), "|a|||");
  EXPECT_EQ(shown("models:/a/foo"), "|a||foo|");
  EXPECT_EQ(shown("models:/a@b@c"), "|a@b|||c");
  EXPECT_EQ(shown("models:/a@b/1"), "|a@b|1||");
  EXPECT_EQ(shown("models:/a#b/1?q"), "|a#b|1||");
  EXPECT_EQ(shown("MODELS:////a/1"), "|a|1||");
}

TEST(ParseModelsUri, RefusesTheRest) {
  for (const char* uri :
       {"models:", "models:/", "models://", "models:a/1", "models:/a/", "models:/a/ ",
        "models:/a/1/", "models:/ /1", "models:/a@", "models:/a@ ", "runs:/a", "/a/1"}) {
    EXPECT_EQ(shown(uri), "none") << uri;
  }
}

}  // namespace
}  // namespace millrace::models_uri_test
