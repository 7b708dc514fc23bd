#include "api/rest/request.h"

#include <gtest/gtest.h>

#include <array>

#include "store/common/error.h"

namespace millrace::request_test {
namespace {

constexpr std::array kTag{Param{"key"}, Param{"value"}};
constexpr std::array kParams{Param{"name", Kind::String, true},
                             Param{"new_name"},
                             Param{"tags", Kind::Messages, false, kTag},
                             Param{"order_by", Kind::Strings},
                             Param{"archive_existing_versions", Kind::Bool},
                             Param{"max_results", Kind::Int64, false, {}, 1000}};

Message decode(const std::string& method, const std::string& target, const std::string& body,
               Headers headers = {{"Content-Type", "application/json"}}) {
  TextBody reader(body);
  HttpRequest http;
  http.method = method;
  http.target = target;
  http.headers = std::move(headers);
  http.body = &reader;
  const Request request{http, parse_target(http.target), Layer::Classic};
  return request.decode(kParams);
}

std::string refusal(const std::string& method, const std::string& target, const std::string& body,
                    Headers headers = {{"Content-Type", "application/json"}}) {
  try {
    decode(method, target, body, std::move(headers));
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InvalidParameterValue);
    return error.what();
  }
  return "accepted";
}

constexpr const char* kMissing =
    "Missing value for required parameter 'name'. See the API docs for more information about "
    "request parameters.";

TEST(Request, QueryIsReadOnGetOnlyAndHidesTheBody) {
  EXPECT_EQ(decode("GET", "/x?name=a+b&name=c", "").text("name"), "a b");
  EXPECT_EQ(refusal("GET", "/x?other=1", R"({"name":"a"})"), kMissing);
  EXPECT_EQ(decode("GET", "/x", R"({"name":"a"})").text("name"), "a");
  EXPECT_EQ(refusal("HEAD", "/x?name=a", ""), kMissing);
  EXPECT_EQ(refusal("DELETE", "/x?name=a", ""), kMissing);
}

TEST(Request, ContentTypeIsCheckedOnPostToTheLetter) {
  EXPECT_EQ(refusal("POST", "/x", "{}", {}), "Bad Request. Content-Type header is missing.");
  EXPECT_EQ(refusal("POST", "/x", "{}", {{"content-type", "application/JSON"}}),
            "Bad Request. Content-Type must be one of ['application/json'].");
  EXPECT_EQ(
      decode("POST", "/x", R"({"name":"a"})", {{"content-type", "application/json;charset=x"}})
          .text("name"),
      "a");
  EXPECT_EQ(decode("PATCH", "/x", R"({"name":"a"})", {}).text("name"), "a");
}

TEST(Request, WhatIsNotJsonCountsAsAnEmptyObject) {
  for (const char* body : {"", "null", "{", "nope", "\xff", "{} x"}) {
    EXPECT_EQ(refusal("POST", "/x", body), kMissing) << body;
  }
}

TEST(Request, JsonOfAnotherShapeIsAClearError) {
  for (const char* body : {"5", "true", "[]", "\"text\"", "\"5\""}) {
    EXPECT_NE(refusal("POST", "/x", body).find("request body"), std::string::npos) << body;
  }
  EXPECT_EQ(decode("POST", "/x", R"("{\"name\":\"twice\"}")").text("name"), "twice");
}

TEST(Request, ConversionStopsAtTheFirstWrongTypeAndKeepsWhatItHas) {
  const Message message = decode(
      "POST", "/x", R"({"name":"n","tags":[{"key":"a","value":5},{"key":"b"}],"new_name":"lost"})");
  ASSERT_EQ(message.messages("tags").size(), 1u);
  EXPECT_EQ(message.messages("tags")[0].text("key"), "a");
  EXPECT_FALSE(message.has("new_name"));
  EXPECT_EQ(decode("POST", "/x", R"({"tags":[{"key":"a","value":5}],"name":"n"})").text("name"),
            "");
}

TEST(Request, TypesAreReportedOnlyWhenConversionStopped) {
  EXPECT_EQ(
      refusal("POST", "/x", R"({"name":5})"),
      "Invalid value 5 for parameter 'name' supplied:  Hint: Value was of type 'int'. See the "
      "API docs for more information about request parameters.");
  EXPECT_EQ(
      refusal("POST", "/x", R"({"name":"a","archive_existing_versions":"true"})"),
      "Invalid value \"true\" for parameter 'archive_existing_versions' supplied:  Hint: Value "
      "was of type 'str'. See the API docs for more information about request parameters.");
}

TEST(Request, BothSpellings) {
  EXPECT_EQ(decode("POST", "/x", R"({"name":"a","newName":"b"})").text("new_name"), "b");
  EXPECT_TRUE(decode("POST", "/x", R"({"name":"a","archiveExistingVersions":true})")
                  .boolean("archive_existing_versions"));
  EXPECT_EQ(refusal("POST", "/x", R"({"name":"a","newName":"b","new_name":"b"})"),
            "Request specifies both 'new_name' and 'newName'; provide only one of them.");
}

TEST(Request, IntegersFromNumbersAndTexts) {
  const auto max_results = [](const std::string& json) {
    return decode("POST", "/x", R"({"name":"a","max_results":)" + json + "}")
        .integer("max_results", -7);
  };
  EXPECT_EQ(max_results("5"), 5);
  EXPECT_EQ(max_results("1.0"), 1);
  EXPECT_EQ(max_results("\"+2\""), 2);
  EXPECT_EQ(max_results("true"), -7);
  EXPECT_EQ(max_results("\" 2\""), -7);
  EXPECT_EQ(max_results("null"), -7);
  EXPECT_EQ(decode("GET", "/x?name=a&max_results=7", "").integer("max_results", -7), 7);
  EXPECT_EQ(refusal("GET", "/x?name=a&max_results=1001", ""),
            "Invalid value \"1001\" for parameter 'max_results' supplied:  Hint: Value was of type "
            "'str'. See the API docs for more information about request parameters.");
  EXPECT_NE(refusal("GET", "/x?name=a&max_results=99999999999999999999", ""), "accepted");
  EXPECT_NE(refusal("POST", "/x", R"({"name":"a","max_results":99999999999999999999})"),
            "accepted");
}

TEST(Request, ABodyBeyondTheLimitIsRefused) {
  const std::string body = R"({"name":")" + std::string(kMaximumJsonBody, 'a') + "\"}";
  try {
    decode("POST", "/x", body);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::RequestTooLarge);
  }
}

}  // namespace
}  // namespace millrace::request_test
