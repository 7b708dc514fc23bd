#include "api/json/writer.h"

#include <gtest/gtest.h>

#include <limits>
#include <utility>

#include "api/json/reader.h"

namespace millrace::writer_test {
namespace {

std::string sample(Layout layout) {
  std::string out;
  JsonWriter writer(out, layout);
  writer.begin_object();
  writer.key("model").begin_object();
  writer.key("name").string("m");
  writer.key("tags").begin_array().begin_object().end_object().integer(-1).end_array();
  writer.end_object();
  writer.key("none").begin_array().end_array();
  writer.key("flag").boolean(true);
  writer.key("nothing").null();
  writer.end_object();
  return out;
}

TEST(JsonWriter, WritesThreeLayouts) {
  EXPECT_EQ(sample(Layout::Compact),
            R"({"model":{"name":"m","tags":[{},-1]},"none":[],"flag":true,"nothing":null})");
  EXPECT_EQ(
      sample(Layout::Spaced),
      R"({"model": {"name": "m", "tags": [{}, -1]}, "none": [], "flag": true, "nothing": null})");
  EXPECT_EQ(sample(Layout::Pretty), R"({
  "model": {
    "name": "m",
    "tags": [
      {},
      -1
    ]
  },
  "none": [],
  "flag": true,
  "nothing": null
})");
}

TEST(JsonWriter, WritesTheEmptyMessageAsTwoBytes) {
  std::string out;
  JsonWriter(out, Layout::Pretty).begin_object().end_object();
  EXPECT_EQ(out, "{}");
}

TEST(JsonWriter, LetsItsTextBeTakenAwayBetweenCalls) {
  std::string out;
  std::string whole;
  JsonWriter writer(out, Layout::Pretty);
  auto take = [&] { whole += std::exchange(out, {}); };
  writer.begin_array();
  take();
  for (int i = 0; i < 3; ++i) {
    writer.integer(i);
    take();
  }
  writer.end_array();
  take();
  EXPECT_EQ(whole, "[\n  0,\n  1,\n  2\n]");
}

TEST(JsonWriter, EscapesAllButAscii) {
  auto string = [](std::string_view text) {
    std::string out;
    JsonWriter(out, Layout::Compact).string(text);
    return out;
  };
  EXPECT_EQ(string("a/\"\\\b\f\n\r\t\x01\x7F"), R"("a/\"\\\b\f\n\r\t\u0001\u007f")");
  EXPECT_EQ(string("é€😀"), R"("\u00e9\u20ac\ud83d\ude00")");
  EXPECT_EQ(string("\xED\xA0\xBD"), R"("\ud83d")");
  EXPECT_EQ(string("a\xFF\xC3"), R"("a\ufffd\ufffd")");
  EXPECT_EQ(string(""), "\"\"");
}

TEST(JsonWriter, EscapesAtAnyPlaceOfATextOfAnyLength) {
  const std::pair<char, std::string> escapes[] = {
      {'a', "a"}, {'"', "\\\""}, {'\\', "\\\\"}, {'\x1F', "\\u001f"}, {'\x7F', "\\u007f"}};
  for (const std::size_t size : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 32, 1023, 1024, 5000}) {
    for (const auto& [character, escape] : escapes) {
      for (const std::size_t place : {std::size_t{0}, size / 2, size - 1}) {
        std::string text(size, '~');
        std::string expected = text;
        text[place] = character;
        expected.replace(place, 1, escape);
        std::string out;
        JsonWriter(out, Layout::Compact).begin_array().string(text).string(text).end_array();
        EXPECT_EQ(out, "[\"" + expected + "\",\"" + expected + "\"]");
      }
    }
  }
}

TEST(JsonWriter, KeepsTheOrderOfManyParts) {
  std::string out;
  std::string expected = "[";
  JsonWriter writer(out, Layout::Pretty);
  writer.begin_array();
  for (int i = 0; i < 3000; ++i) {
    const std::string text(i % 7 == 0 ? static_cast<std::size_t>(i) : 3, 'x');
    writer.begin_object().key(text).integer(i).key(i % 5 == 0 ? "é" : "e").string(text);
    writer.end_object();
    expected += std::string(i == 0 ? "" : ",") + "\n  {\n    \"" + text +
                "\": " + std::to_string(i) + ",\n    \"" + (i % 5 == 0 ? "\\u00e9" : "e") +
                "\": \"" + text + "\"\n  }";
  }
  writer.end_array();
  EXPECT_EQ(out, expected + "\n]");
}

TEST(JsonWriter, IndentsAnyDepth) {
  constexpr std::size_t depth = 3000;
  std::string out, start, end;
  JsonWriter writer(out, Layout::Pretty);
  for (std::size_t i = 0; i < depth; ++i) {
    writer.begin_array();
    start += "[\n" + std::string(2 * (i + 1), ' ');
    end.insert(0, "\n" + std::string(2 * i, ' ') + "]");
  }
  writer.null();
  for (std::size_t i = 0; i < depth; ++i) writer.end_array();
  EXPECT_TRUE(out == start + "null" + end);
}

TEST(JsonWriter, WritesNumbersAsPython) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  constexpr double infinity = std::numeric_limits<double>::infinity();
  std::string out;
  JsonWriter writer(out, Layout::Compact);
  writer.begin_array();
  writer.integer(std::numeric_limits<std::int64_t>::min());
  for (double value : {1.0, -0.0, 1e16, 1e-5, 0.1, nan, -nan, infinity, -infinity}) {
    writer.number(value);
  }
  writer.integer_digits("18446744073709551616");
  writer.end_array();
  EXPECT_EQ(out,
            "[-9223372036854775808,1.0,-0.0,1e+16,1e-05,0.1,NaN,NaN,Infinity,-Infinity,"
            "18446744073709551616]");
}

TEST(PythonDumps, SortsKeysByCodePoint) {
  Json value =
      *parse_json(R"({"b":1,"\ud83d\ude00":2,"\uffff":3,"\ud83d":4,"":5,"a":{"z":1,"y":2}})");
  EXPECT_EQ(python_json_dumps(value, true, Layout::Compact),
            R"({"":5,"a":{"y":2,"z":1},"b":1,"\ud83d":4,"\uffff":3,"\ud83d\ude00":2})");
  EXPECT_EQ(
      python_json_dumps(value, false, Layout::Spaced),
      R"({"b": 1, "\ud83d\ude00": 2, "\uffff": 3, "\ud83d": 4, "": 5, "a": {"z": 1, "y": 2}})");
}

TEST(PythonDumps, WritesUnsignedNumbersThatCodeHasMade) {
  EXPECT_EQ(python_json_dumps(Json(std::size_t{7}), false, Layout::Compact), "7");
}

TEST(PythonDumps, DoesNotUseTheStackForNesting) {
  Json nested = Json::array();
  for (int i = 0; i < 200'000; ++i) {
    Json outer = Json::array();
    outer.push_back(std::move(nested));
    nested = std::move(outer);
  }
  EXPECT_EQ(python_json_dumps(nested, true, Layout::Compact).size(), 400'002u);
  EXPECT_EQ(python_repr(nested).size(), 400'002u);
}

TEST(PythonRepr, WritesDictsAndLists) {
  Json value = *parse_json(
      R"({"offset": 1, "it's": [1.0, NaN, -Infinity, "é\n", null, true, false, {}, [], 18446744073709551616]})");
  EXPECT_EQ(
      python_repr(value),
      R"({'offset': 1, "it's": [1.0, nan, -inf, 'é\n', None, True, False, {}, [], 18446744073709551616]})");
  EXPECT_EQ(python_repr(Json("x")), "'x'");
  EXPECT_EQ(python_repr(Json()), "None");
}

}  // namespace
}  // namespace millrace::writer_test
