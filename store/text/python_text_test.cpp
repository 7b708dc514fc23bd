// Every code point is compared with Python in compat-tests/test_text_against_python.py; here are
// the rules by example, and the texts that Python cannot hold.
#include "store/text/python_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace millrace::python::python_text_test {
namespace {

using namespace std::string_view_literals;

TEST(PythonText, CountsCodePointsNotBytes) {
  EXPECT_EQ(length(""), 0u);
  EXPECT_EQ(length("aé€😀"), 4u);
  EXPECT_EQ(length("\xED\xA0\x80x"), 2u) << "a lone surrogate is one";
  EXPECT_EQ(length("\xC3"), 1u);
  EXPECT_EQ(length("\xF0\x9F\x98"), 3u) << "each byte of a torn sequence is one";
}

TEST(PythonText, DecodesWithoutReadingBeyondTheEnd) {
  for (std::string_view torn : {"\xC3"sv, "\xE2\x82"sv, "\xF0\x9F\x98"sv, "\xC0\xAF"sv,
                                "\xE0\x80\x80"sv, "\xF4\x90\x80\x80"sv, "\xFF"sv, "\x80"sv}) {
    std::size_t position = 0;
    EXPECT_EQ(next_code_point(torn, position), static_cast<unsigned char>(torn[0]));
    EXPECT_EQ(position, 1u);
  }
}

TEST(PythonText, AppendsWhatItDecodes) {
  for (char32_t code_point :
       {0x0u, 0x7Fu, 0x80u, 0x7FFu, 0x800u, 0xD800u, 0xDFFFu, 0xFFFFu, 0x10000u, 0x10FFFFu}) {
    std::string text;
    append_code_point(text, code_point);
    std::size_t position = 0;
    EXPECT_EQ(next_code_point(text, position), code_point);
    EXPECT_EQ(position, text.size());
  }
}

TEST(PythonText, StripsUnicodeBlanks) {
  EXPECT_EQ(strip(" \t\x1C\u00A0\u3000 a b\u2003\u0085\n"), "a b");
  EXPECT_EQ(strip("\u200Ba\u200B"), "\u200Ba\u200B") << "zero width space is no blank";
  EXPECT_EQ(strip(" \u3000"), "");
  EXPECT_EQ(strip(""), "");
  EXPECT_EQ(strip("\x85\xA0"), "\x85\xA0") << "bytes that are not UTF-8 are no blanks";
  EXPECT_EQ(strip("é "), "é");
}

TEST(PythonText, Lowers) {
  EXPECT_EQ(lower("STAGING"), "staging");
  EXPECT_EQ(lower("ÀÉẞİ"), "àéßi\u0307");
  EXPECT_EQ(lower("ΟΔΟΣ"), "οδος");
  EXPECT_EQ(lower("Σ ΣΑ ΑΣ. ΑΣ'Α"), "σ σα ας. ασ'α");
  EXPECT_EQ(lower("\xC0\xED\xA0\x80"), "\xC0\xED\xA0\x80");
}

TEST(PythonText, KnowsWordCharacters) {
  for (char32_t word : {U'a', U'Z', U'0', U'_', U'é', U'中', U'²', U'Ⅷ', U'٣', U'½'}) {
    EXPECT_TRUE(is_word(word)) << static_cast<std::uint32_t>(word);
  }
  for (char32_t other : {U'-', U' ', U'.', U'\u0301', U'€', U'😀', char32_t{0xD800}, U'\0'}) {
    EXPECT_FALSE(is_word(other)) << static_cast<std::uint32_t>(other);
  }
}

TEST(PythonText, Repr) {
  EXPECT_EQ(repr("a/b"), "'a/b'");
  EXPECT_EQ(repr("it's"), "\"it's\"");
  EXPECT_EQ(repr("it's \"x\""), "'it\\'s \"x\"'");
  EXPECT_EQ(repr("\\\t\n\r\x1F\x7F"), R"('\\\t\n\r\x1f\x7f')");
  EXPECT_EQ(repr("é\u00A0\u2028😀\U000E0001"), R"('é\xa0\u2028😀\U000e0001')");
  EXPECT_EQ(repr("\xED\xA0\xBD"), R"('\ud83d')");
  EXPECT_EQ(repr("\0"sv), R"('\x00')");
}

TEST(PythonText, BytesRepr) {
  EXPECT_EQ(bytes_repr("{\"a\"}"), "b'{\"a\"}'");
  EXPECT_EQ(bytes_repr("'\x80\xFF\n\x7F\\"), R"(b"'\x80\xff\n\x7f\\")");
}

TEST(PythonNumbers, FloatRepr) {
  EXPECT_EQ(float_repr(0.0), "0.0");
  EXPECT_EQ(float_repr(-0.0), "-0.0");
  EXPECT_EQ(float_repr(0.1), "0.1");
  EXPECT_EQ(float_repr(-123.456), "-123.456");
  EXPECT_EQ(float_repr(0.0001), "0.0001");
  EXPECT_EQ(float_repr(0.00001), "1e-05");
  EXPECT_EQ(float_repr(1e15), "1000000000000000.0");
  EXPECT_EQ(float_repr(1e16), "1e+16");
  EXPECT_EQ(float_repr(9007199254740993.0), "9007199254740992.0");
  EXPECT_EQ(float_repr(12345678901234567890.0), "1.2345678901234567e+19");
  EXPECT_EQ(float_repr(5e-324), "5e-324");
  EXPECT_EQ(float_repr(std::numeric_limits<double>::max()), "1.7976931348623157e+308");
  EXPECT_EQ(float_repr(-std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(float_repr(-std::nan("")), "nan");
}

TEST(PythonNumbers, ParsesWhatIntTakes) {
  auto digits = [](std::string_view text) {
    auto parsed = parse_int(text);
    return parsed ? parsed->digits : std::string("ValueError");
  };
  EXPECT_EQ(digits(" 0042\n"), "42");
  EXPECT_EQ(digits("-0"), "0");
  EXPECT_EQ(digits("+1_000"), "1000");
  EXPECT_EQ(digits("\u00A0٣४\u2003"), "34");
  for (std::string_view bad :
       {"", " ", "+", "- 1", "1 2", "_1", "1_", "1__2", "--1", "1.0", "1e3", "0x1", "²",
        "\x1C"
        "1",
        "\xFF",
        "\xA0"
        "1"}) {
    EXPECT_EQ(digits(bad), "ValueError") << bad;
  }
  EXPECT_EQ(digits("1\0"sv), "ValueError");
}

TEST(PythonNumbers, TellsWhetherAnIntFits) {
  EXPECT_EQ(parse_int("9223372036854775807")->value, std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(parse_int("-9223372036854775808")->value, std::numeric_limits<std::int64_t>::min());
  auto beyond = parse_int("9223372036854775808");
  ASSERT_TRUE(beyond);
  EXPECT_FALSE(beyond->fits);
  EXPECT_EQ(beyond->digits, "9223372036854775808");
  EXPECT_TRUE(parse_int(std::string(4300, '9')));
  EXPECT_FALSE(parse_int(std::string(4301, '0')));
}

}  // namespace
}  // namespace millrace::python::python_text_test
