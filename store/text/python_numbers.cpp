#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "store/text/ascii.h"
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

// What int() and float() drop before they read: the blanks around.
std::string_view without_blanks(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  text.remove_suffix(text.size() - (text.find_last_not_of(' ') + 1));
  return text;
}

// The text without its underscores; nothing when one is not between digits.
std::optional<std::string> without_underscores(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      plain += text[i];
    } else if (i == 0 || i + 1 == text.size() || !is_ascii_digit(text[i - 1]) ||
               !is_ascii_digit(text[i + 1])) {
      return std::nullopt;
    }
  }
  return plain;
}

// "inf", "infinity" and "nan" in any case.
std::optional<double> named_float(std::string_view text) {
  std::string lower;
  for (const char c : text) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (lower == "inf" || lower == "infinity") return std::numeric_limits<double>::infinity();
  if (lower == "nan") return std::numeric_limits<double>::quiet_NaN();
  return std::nullopt;
}

}  // namespace

std::string float_repr(double value) {
  char text[kLongestFloatRepr];
  return {text, write_float_repr(text, value)};
}

char* write_float_repr(char* at, double value) {
  const auto write = [&at](std::string_view text) { at = std::copy(text.begin(), text.end(), at); };
  if (std::isnan(value)) {
    write("nan");
    return at;
  }
  if (std::signbit(value)) *at++ = '-';
  if (std::isinf(value)) {
    write("inf");
    return at;
  }
  char buffer[kLongestFloatRepr];
  char* end =
      std::to_chars(buffer, buffer + sizeof buffer, std::fabs(value), std::chars_format::scientific)
          .ptr;
  char* mark = std::find(buffer, end, 'e');
  int exponent = 0;
  std::from_chars(mark[1] == '+' ? mark + 2 : mark + 1, end, exponent);
  if (exponent < -4 || exponent >= 16) {
    write({buffer, end});  // to_chars pads the exponent to two digits, as Python does
    return at;
  }
  std::string_view fraction(buffer + 2, mark > buffer + 2 ? mark - buffer - 2 : 0);
  if (exponent < 0) {
    write("0.");
    at = std::fill_n(at, -exponent - 1, '0');
    *at++ = buffer[0];
    write(fraction);
    return at;
  }
  auto whole = static_cast<std::size_t>(exponent);  // digits of the fraction before the point
  *at++ = buffer[0];
  write(fraction.substr(0, whole));
  if (fraction.size() <= whole) {
    at = std::fill_n(at, whole - fraction.size(), '0');
    write(".0");
  } else {
    *at++ = '.';
    write(fraction.substr(whole));
  }
  return at;
}

std::optional<Int> parse_int(std::string_view text) {
  std::optional<std::string> ascii = to_ascii(text);
  if (!ascii) return std::nullopt;
  std::string_view rest = without_blanks(*ascii);
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

std::optional<double> parse_float(std::string_view text) {
  const std::optional<std::string> ascii = to_ascii(text);
  if (!ascii) return std::nullopt;
  std::string_view rest = without_blanks(*ascii);
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  std::optional<double> value = named_float(rest);
  if (!value) {
    const std::optional<std::string> plain = without_underscores(rest);
    // strtod takes more than float(): a second sign, hexadecimal numbers, other names.
    if (!plain || plain->empty() || (!is_ascii_digit(plain->front()) && plain->front() != '.') ||
        plain->find_first_not_of("0123456789.eE+-") != std::string::npos) {
      return std::nullopt;
    }
    char* end = nullptr;
    value = std::strtod(plain->c_str(), &end);  // the C locale is never left
    if (end != plain->c_str() + plain->size()) return std::nullopt;
  }
  return negative ? -*value : *value;
}

}  // namespace millrace::python
