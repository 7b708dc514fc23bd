#include "store/tracking/stored_json.h"

#include <gtest/gtest.h>

#include "store/common/error.h"

namespace millrace::tracking::stored_json_test {
namespace {

std::string add_model_version(const std::string& list, const std::string& name,
                              std::int64_t version) {
  return ModelVersionList("m-1", list, name).with(version);
}

TEST(StoredJson, StartsAList) {
  EXPECT_EQ(add_model_version("", "m", 1), R"([{"name": "m", "version": 1}])");
  EXPECT_EQ(add_model_version("[]", "m", 1), R"([{"name": "m", "version": 1}])");
}

TEST(StoredJson, AppendsAndLeavesTheRestAsItIs) {
  EXPECT_EQ(add_model_version(R"([{"name": "m", "version": "1"}, 1.50])"
                              "\n",
                              "m", 1),
            R"([{"name": "m", "version": "1"}, 1.50, {"name": "m", "version": 1}])");
}

TEST(StoredJson, AnEntryThatIsThereReplacesTheList) {
  EXPECT_EQ(
      add_model_version(R"([{"name": "a", "version": 1}, {"version": 2, "name": "m"}])", "m", 2),
      R"([{"name": "m", "version": 2}])");
}

TEST(StoredJson, OnlyTheWholeEntryIsTheSame) {
  EXPECT_EQ(add_model_version(R"([{"name": "m", "version": 2.0}])", "m", 2),
            R"([{"name": "m", "version": 2}])");
  for (const std::string entry :
       {R"({"name": "m", "version": "2"})", R"({"name": "m", "version": 2, "more": 1})",
        R"({"name": "n", "version": 2})", R"({"name": "m", "version": true})", "2"}) {
    EXPECT_EQ(add_model_version("[" + entry + "]", "m", 2),
              "[" + entry + R"(, {"name": "m", "version": 2}])");
  }
}

TEST(StoredJson, EscapesAsPython) {
  EXPECT_EQ(add_model_version("", "\"\\\b\f\n\r\t\x01\x7f/\xC3\xA9\xF0\x9F\x90\x88", 1),
            "[{\"name\": \"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\x7f/\\u00e9\\ud83d\\udc08\", "
            "\"version\": 1}]");
}

TEST(StoredJson, RefusesWhatIsNoList) {
  for (const char* text : {"{}", "1", "\"x\"", "null", "[", "[1", "nonsense", "[1] x"}) {
    EXPECT_THROW(const ModelVersionList list("m-1", text, "m"), Error) << text;
  }
}

}  // namespace
}  // namespace millrace::tracking::stored_json_test
