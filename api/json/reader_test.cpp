// A larger corpus is compared with Python in compat-tests/test_json_against_python.py.
#include "api/json/reader.h"

#include <gtest/gtest.h>

#include <limits>

#include "api/json/writer.h"
#include "store/common/error.h"

namespace millrace::json_reader_test {
namespace {

using namespace std::string_view_literals;

// What was read, written again, or "malformed".
std::string read(std::string_view bytes) {
  std::optional<Json> value = parse_json(bytes);
  return value ? python_json_dumps(*value, false, Layout::Compact) : "malformed";
}

TEST(JsonReader, ReadsValuesOfEveryKind) {
  EXPECT_EQ(read(R"( {"a": [1, -2, 3.5, "x", true, false, null, {}, []]} )"),
            R"({"a":[1,-2,3.5,"x",true,false,null,{},[]]})");
  EXPECT_EQ(read("\t\r\n7"), "7");
  EXPECT_EQ(read(R"("\"\\\/\b\f\n\r\t\u00e9")"), R"("\"\\/\b\f\n\r\t\u00e9")");
}

TEST(JsonReader, KeepsTheOrderOfKeysAndTheLastOfEqualOnes) {
  EXPECT_EQ(read(R"({"b":1,"a":2,"b":3,"c":4,"a":5})"), R"({"b":3,"a":5,"c":4})");
}

TEST(JsonReader, DropsRepeatedKeysOfLargeObjects) {
  std::string text = "{";
  for (int round = 0; round < 2; ++round) {
    for (int key = 99'999; key >= 0; --key) {
      text += "\"" + std::to_string(key) + "\":" + std::to_string(key + round) + ",";
    }
  }
  text.back() = '}';
  std::optional<Json> value = parse_json(text);
  ASSERT_TRUE(value);
  ASSERT_EQ(value->size(), 100'000u);
  EXPECT_EQ(value->begin().key(), "99999");
  EXPECT_EQ(value->begin().value(), 100'000);
  EXPECT_EQ((--value->end()).key(), "0");
  EXPECT_EQ((--value->end()).value(), 1);
}

TEST(JsonReader, TakesWhatPythonTakesBeyondTheStandard) {
  EXPECT_EQ(read("[NaN,Infinity,-Infinity,1e999,-1e999,1e-999]"),
            "[NaN,Infinity,-Infinity,Infinity,-Infinity,0.0]");
  EXPECT_EQ(read(R"("\ud83d\ude00 \ud83d \ude00\ud83d")"), R"("\ud83d\ude00 \ud83d \ude00\ud83d")");
  std::optional<Json> joined = parse_json(R"("\ud83d\ude00")");
  EXPECT_EQ(joined->get<std::string>(), "😀");
  std::optional<Json> alone = parse_json(R"("\ud83dx")");
  EXPECT_EQ(alone->get<std::string>(), "\xED\xA0\xBDx");
  EXPECT_EQ(read("\"\xED\xA0\xBD\""), R"("\ud83d")");
}

TEST(JsonReader, KeepsIntegersOfAnySize) {
  std::optional<Json> largest = parse_json("9223372036854775807");
  EXPECT_EQ(*largest, std::numeric_limits<std::int64_t>::max());
  for (std::string_view digits : {"9223372036854775808"sv, "-9223372036854775809"sv,
                                  "18446744073709551615"sv, "100000000000000000000"sv}) {
    std::optional<Json> big = parse_json(digits);
    ASSERT_TRUE(big && is_big_integer(*big)) << digits;
    EXPECT_FALSE(big->is_number());
    EXPECT_EQ(integer_text(*big), digits);
    EXPECT_EQ(python_type_name(*big), "int");
  }
  EXPECT_EQ(read("-0"), "0");
  EXPECT_EQ(read(std::string(4300, '1')), std::string(4300, '1'));
  EXPECT_EQ(read(std::string(4301, '1')), "malformed");
}

TEST(JsonReader, TurnsNumbersIntoDoubles) {
  EXPECT_EQ(to_double(*parse_json("100000000000000000000")), 1e20);
  EXPECT_EQ(to_double(*parse_json("-3")), -3.0);
  EXPECT_EQ(to_double(*parse_json("1" + std::string(400, '0'))), std::nullopt);
  EXPECT_EQ(to_double(*parse_json("true")), std::nullopt);
  EXPECT_EQ(to_double(*parse_json("\"1\"")), std::nullopt);
}

TEST(JsonReader, RefusesWhatIsNotJson) {
  for (std::string_view bad : {"",
                               " ",
                               "[1,]",
                               "{\"a\":1,}",
                               "[1 2]",
                               "{\"a\" 1}",
                               "{a:1}",
                               "{'a':1}",
                               "01",
                               "-",
                               "+1",
                               "1.",
                               ".5",
                               "1e",
                               "1e+",
                               "0x1",
                               "nul",
                               "nulll",
                               "True",
                               "nan",
                               "-NaN",
                               "-Inf",
                               "\"a",
                               "\"\\x\"",
                               "\"\\u12\"",
                               "\"\\u-123\"",
                               "[",
                               "]",
                               "{",
                               "[}",
                               "{\"a\":}",
                               "{\"a\"}",
                               "1 2",
                               "{}x",
                               "/*c*/1",
                               "\"\n\"",
                               "\"\x01\"",
                               "\"\xFF\"",
                               "\"\xC3\"",
                               "\xC3\xA9",
                               "\xEF\xBB\xBF",
                               "[1,,2]"}) {
    EXPECT_EQ(read(bad), "malformed") << bad;
  }
  EXPECT_EQ(read("1\0"sv), "1") << "two bytes, the second zero: UTF-16";
  EXPECT_EQ(read("12\0"sv), "malformed");
  EXPECT_EQ(read("\"\0\""sv), "malformed");
}

TEST(JsonReader, FindsTheEncoding) {
  EXPECT_EQ(read("\xEF\xBB\xBF{\"a\":1}"), R"({"a":1})");
  EXPECT_EQ(read("\xEF\xBB\xBF\xEF\xBB\xBF{}"), "malformed");
  EXPECT_EQ(read("\0{\0}"sv), "{}");
  EXPECT_EQ(read("{\0}\0"sv), "{}");
  EXPECT_EQ(read("\xFF\xFE{\0}\0"sv), "{}");
  EXPECT_EQ(read("\xFE\xFF\0{\0}"sv), "{}");
  EXPECT_EQ(read("\0\0\0{\0\0\0}"sv), "{}");
  EXPECT_EQ(read("\xFF\xFE\0\0{\0\0\0}\0\0\0"sv), "{}");
  EXPECT_EQ(read("\0\"\xD8\x3D\xDE\x00\xD8\x3D\0\""sv), R"("\ud83d\ude00\ud83d")");
  EXPECT_EQ(read("{\0}\0 "sv), "malformed");
  EXPECT_EQ(read("\0\0\0\"\0\x11\0\0\0\0\0\""sv), "malformed") << "beyond U+10FFFF";
}

TEST(JsonReader, LooksForNoEncodingInsideAText) {
  EXPECT_TRUE(parse_json_text("{}"));
  EXPECT_FALSE(parse_json_text("\xEF\xBB\xBF{}"));
  EXPECT_FALSE(parse_json_text("{\0}\0"sv));
}

TEST(JsonReader, BoundsTheNesting) {
  auto lists = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(read(lists(kMaximumJsonDepth)), lists(kMaximumJsonDepth));
  EXPECT_THROW(parse_json(lists(kMaximumJsonDepth + 1)), Error);
  EXPECT_THROW(parse_json(std::string(1'000'000, '[')), Error);
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_THROW(parse_json(objects), Error);
}

TEST(JsonReader, NamesPythonsTypes) {
  EXPECT_EQ(python_type_name(*parse_json("\"\"")), "str");
  EXPECT_EQ(python_type_name(*parse_json("1")), "int");
  EXPECT_EQ(python_type_name(*parse_json("1.0")), "float");
  EXPECT_EQ(python_type_name(*parse_json("true")), "bool");
  EXPECT_EQ(python_type_name(*parse_json("[]")), "list");
  EXPECT_EQ(python_type_name(*parse_json("{}")), "dict");
  EXPECT_EQ(python_type_name(*parse_json("null")), "NoneType");
}

TEST(JsonReader, MoreValuesThanMemoryShouldHoldAreRefused) {
  std::string text = "[";
  for (std::size_t i = 1; i < kMaximumJsonValues; ++i) text += "0,";
  const std::string fits = text.substr(0, text.size() - 1) + "]";
  EXPECT_TRUE(parse_json(fits).has_value());
  EXPECT_THROW(parse_json(text + "0]"), Error);
}

}  // namespace
}  // namespace millrace::json_reader_test
