#include "api/graphql/inspect.h"

#include <gtest/gtest.h>

#include "api/json/reader.h"

namespace millrace::graphql::inspect_test {
namespace {

std::string inspected(const std::string& json) { return inspect(*parse_json_text(json)); }

TEST(GraphqlInspect, ShortValuesAreTheirRepr) {
  EXPECT_EQ(inspected(R"([1, 2.0, null, true, "it's", {"a": []}, {}])"),
            R"([1, 2.0, None, True, "it's", {'a': []}, {}])");
}

TEST(GraphqlInspect, WhatIsDeepOrLongIsLeftOut) {
  EXPECT_EQ(inspected(R"([[[1], {"a": 1}, []]])"), "[[[...], {...}, []]]");
  EXPECT_EQ(inspected("[1,2,3,4,5,6,7,8,9,10]"), "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]");
  EXPECT_EQ(inspected("[1,2,3,4,5,6,7,8,9,10,11]"), "[1, 2, 3, 4, 5, ..., 8, 9, 10, 11]");
}

TEST(GraphqlInspect, LongTextsKeepTheirEnds) {
  const auto quoted = [](const std::string& text) { return '"' + text + '"'; };
  const std::string fits(238, 'a');
  EXPECT_EQ(inspected(quoted(fits)), "'" + fits + "'");
  for (const std::size_t size : {std::size_t{239}, std::size_t{1'000'000}}) {
    EXPECT_EQ(inspected(quoted("b" + std::string(size - 2, 'a') + "c")),
              "'b" + std::string(116, 'a') + "..." + std::string(117, 'a') + "c'");
  }
  std::string accents;
  for (int i = 0; i < 500; ++i) accents += "\u00E9";
  EXPECT_EQ(inspected(quoted(accents)),
            "'" + accents.substr(0, 234) + "..." + accents.substr(0, 236) + "'");
}

}  // namespace
}  // namespace millrace::graphql::inspect_test
