#include "api/http/etags.h"

#include <gtest/gtest.h>

namespace millrace::etags_test {
namespace {

constexpr std::int64_t kModified = 784'903'526;  // Tue, 15 Nov 1994 12:45:26 GMT
constexpr const char* kThen = "Tue, 15 Nov 1994 12:45:26 GMT";
constexpr const char* kBefore = "Tue, 15 Nov 1994 12:45:25 GMT";

HttpRequest with(Headers headers) {
  HttpRequest http;
  http.headers = std::move(headers);
  return http;
}

bool unmodified(Headers headers) {
  return is_unmodified(with(std::move(headers)), "abc", kModified);
}

bool ranged(const char* if_range) {
  return allows_range(with({{"If-Range", if_range}}), "abc", kModified);
}

TEST(Etags, NoConditionAsksForTheBody) { EXPECT_FALSE(unmodified({})); }

TEST(Etags, IfNoneMatch) {
  for (const char* value : {"\"abc\"", "W/\"abc\"", "\"x\", \"abc\"", "*", "abc"})
    EXPECT_TRUE(unmodified({{"If-None-Match", value}})) << value;
  for (const char* value : {"\"x\"", "", "\"ab\"", "\"abc"})
    EXPECT_FALSE(unmodified({{"If-None-Match", value}})) << value;
}

TEST(Etags, IfModifiedSince) {
  EXPECT_TRUE(unmodified({{"If-Modified-Since", kThen}}));
  EXPECT_FALSE(unmodified({{"If-Modified-Since", kBefore}}));
  EXPECT_FALSE(unmodified({{"If-Modified-Since", "yesterday"}}));
}

TEST(Etags, TagsCountMoreThanTimes) {
  EXPECT_FALSE(unmodified({{"If-None-Match", "\"x\""}, {"If-Modified-Since", kThen}}));
  EXPECT_TRUE(unmodified({{"If-None-Match", "\"abc\""}, {"If-Modified-Since", kBefore}}));
}

TEST(Etags, IfMatchWantsAStrongTag) {
  EXPECT_FALSE(unmodified({{"If-Match", "\"abc\""}}));
  EXPECT_TRUE(unmodified({{"If-Match", "W/\"abc\""}}));
  EXPECT_TRUE(unmodified({{"If-Match", "\"x\""}}));
  EXPECT_TRUE(has_if_match(with({{"If-Match", "\"x\""}})));
  EXPECT_FALSE(has_if_match(with({})));
}

TEST(Etags, IfRange) {
  EXPECT_TRUE(allows_range(with({}), "abc", kModified));
  EXPECT_TRUE(ranged("\"abc\""));
  EXPECT_TRUE(ranged(kThen));
  EXPECT_FALSE(ranged("\"x\""));
  EXPECT_FALSE(ranged(kBefore));
}

}  // namespace
}  // namespace millrace::etags_test
