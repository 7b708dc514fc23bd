#include <algorithm>
#include <charconv>
#include <cmath>

#include "store/text/python_text.h"
#include "store/text/unicode_tables.h"

namespace millrace::python {

namespace {

constexpr std::size_t kMostDigits = 4300;  // sys.int_info.default_max_str_digits

// The text as int() looks at it: blanks as ' ', any decimal digit as its ASCII form. Python leaves
// ASCII as it is, so that U+001C..U+001F, blanks to strip(), are none here. Nothing when some
// character is neither.
std::optional<std::string> to_ascii(std::string_view text) {
  std::string out;
  for (std::size_t position = 0; position < text.size();) {
    std::size_t start = position;
    char32_t code_point = next_code_point(text, position);
    if (code_point < 0x80) {
      bool blank = code_point == ' ' || (code_point >= '\t' && code_point <= '\r');
      out += blank ? ' ' : static_cast<char>(code_point);
      continue;
    }
    if (position - start == 1) return std::nullopt;
    auto zeros = tables::decimal_zeros;
    auto after = std::upper_bound(zeros.begin(), zeros.end(), code_point);
    if (tables::contains(tables::space, code_point)) {
      out += ' ';
    } else if (after != zeros.begin() && code_point - *(after - 1) < 10) {
      out += static_cast<char>('0' + (code_point - *(after - 1)));
    } else {
      return std::nullopt;
    }
  }
  return out;
}

// The digits of `text` without underscores; nothing when it is not digits with single ones between.
std::optional<std::string> plain_digits(std::string_view text) {
  std::string digits;
  bool after_digit = false;
  for (char character : text) {
    if (character >= '0' && character <= '9') {
      digits += character;
      after_digit = true;
    } else if (character == '_' && after_digit) {
      after_digit = false;
    } else {
      return std::nullopt;
    }
  }
  if (!after_digit || digits.size() > kMostDigits) return std::nullopt;
  return digits;
}

}  // namespace

std::string float_repr(double value) {
  std::string text;
  append_float_repr(text, value);
  return text;
}

void append_float_repr(std::string& text, double value) {
  if (std::isnan(value)) {
    text += "nan";
    return;
  }
  if (std::signbit(value)) text += '-';
  if (std::isinf(value)) {
    text += "inf";
    return;
  }
  char buffer[32];
  char* end =
      std::to_chars(buffer, buffer + sizeof buffer, std::fabs(value), std::chars_format::scientific)
          .ptr;
  char* mark = std::find(buffer, end, 'e');
  int exponent = 0;
  std::from_chars(mark[1] == '+' ? mark + 2 : mark + 1, end, exponent);
  if (exponent < -4 || exponent >= 16) {
    text.append(buffer, end);  // to_chars pads the exponent to two digits, as Python does
    return;
  }
  std::string_view fraction(buffer + 2, mark > buffer + 2 ? mark - buffer - 2 : 0);
  if (exponent < 0) {
    text += "0.";
    text.append(static_cast<std::size_t>(-exponent) - 1, '0');
    text += buffer[0];
    text += fraction;
    return;
  }
  auto whole = static_cast<std::size_t>(exponent);  // digits of the fraction before the point
  text += buffer[0];
  text += fraction.substr(0, whole);
  if (fraction.size() <= whole) {
    text.append(whole - fraction.size(), '0');
    text += ".0";
  } else {
    text += '.';
    text += fraction.substr(whole);
  }
}

std::optional<Int> parse_int(std::string_view text) {
  std::optional<std::string> ascii = to_ascii(text);
  if (!ascii) return std::nullopt;
  std::string_view rest = *ascii;
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  rest.remove_suffix(rest.size() - (rest.find_last_not_of(' ') + 1));
  bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  std::optional<std::string> digits = plain_digits(rest);
  if (!digits) return std::nullopt;

  Int result;
  digits->erase(0, std::min(digits->find_first_not_of('0'), digits->size() - 1));
  if (negative && *digits != "0") digits->insert(digits->begin(), '-');
  const char* end = digits->data() + digits->size();
  result.fits = std::from_chars(digits->data(), end, result.value).ec == std::errc();
  result.digits = std::move(*digits);
  return result;
}

}  // namespace millrace::python
