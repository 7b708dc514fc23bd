#include "api/json/tokens.h"

#include <locale.h>  // NOLINT: strtod_l and newlocale are POSIX
#include <stdlib.h>  // NOLINT

#include <charconv>
#include <limits>

#include "store/text/python_text.h"

namespace millrace {

namespace {

constexpr std::size_t kMostDigits = 4300;  // of an int, sys.int_info.default_max_str_digits

bool is_unescaped(char character) {
  auto byte = static_cast<unsigned char>(character);
  return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

// The bounds between which a double lies do not stop Python: it reads 1e999 as inf, 1e-999 as 0.
double to_float(std::string_view number) {
  double value = 0;
  auto result = std::from_chars(number.data(), number.data() + number.size(), value);
  if (result.ec == std::errc()) return value;
  static const locale_t c_locale = newlocale(LC_ALL_MASK, "C", nullptr);
  return strtod_l(std::string(number).c_str(), nullptr, c_locale);
}

bool to_integer(std::string_view number, Json& value) {
  std::int64_t small = 0;
  auto result = std::from_chars(number.data(), number.data() + number.size(), small);
  if (result.ec == std::errc()) {
    value = small;
    return true;
  }
  if (number.size() - (number.starts_with('-') ? 1 : 0) > kMostDigits) return false;
  value = big_integer(number);
  return true;
}

}  // namespace

char JsonTokens::peek() {
  while (position_ < text_.size()) {
    char next = text_[position_];
    if (next != ' ' && next != '\t' && next != '\n' && next != '\r') return next;
    ++position_;
  }
  return '\0';
}

bool JsonTokens::read_string(std::string& value) {
  ++position_;
  while (position_ < text_.size()) {
    std::size_t start = position_;
    while (position_ < text_.size() && is_unescaped(text_[position_])) ++position_;
    value += text_.substr(start, position_ - start);
    if (position_ == text_.size()) return false;
    char next = text_[position_];
    if (next == '"') {
      ++position_;
      return true;
    }
    if (next == '\\') {
      if (!read_escape(value)) return false;
    } else if (static_cast<unsigned char>(next) < 0x20) {
      return false;
    } else {
      start = position_;
      python::next_code_point(text_, position_);
      if (position_ - start == 1) return false;  // not UTF-8
      value += text_.substr(start, position_ - start);
    }
  }
  return false;
}

bool JsonTokens::read_escape(std::string& value) {
  constexpr std::string_view letters = "\"\\/bfnrt";
  constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
  if (++position_ == text_.size()) return false;
  char letter = text_[position_++];
  if (std::size_t found = letters.find(letter); found != std::string_view::npos) {
    value += meanings[found];
    return true;
  }
  char32_t unit = 0;
  if (letter != 'u' || !read_hex(unit)) return false;
  if (unit >= 0xD800 && unit <= 0xDBFF && is_at(position_, '\\') && is_at(position_ + 1, 'u')) {
    std::size_t next_escape = position_;
    position_ += 2;
    char32_t low = 0;
    if (!read_hex(low)) return false;
    if (low >= 0xDC00 && low <= 0xDFFF) {
      unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    } else {
      position_ = next_escape;
    }
  }
  python::append_code_point(value, unit);
  return true;
}

bool JsonTokens::read_hex(char32_t& unit) {
  if (text_.size() - position_ < 4) return false;
  const char* start = text_.data() + position_;
  std::uint32_t parsed = 0;
  auto result = std::from_chars(start, start + 4, parsed, 16);
  if (result.ec != std::errc() || result.ptr != start + 4) return false;
  unit = parsed;
  position_ += 4;
  return true;
}

bool JsonTokens::read_word(std::string_view word) {
  if (!text_.substr(position_).starts_with(word)) return false;
  position_ += word.size();
  return true;
}

bool JsonTokens::read_scalar(Json& value) {
  switch (text_[position_]) {
    case '"':
      value = Json::value_t::string;
      return read_string(value.get_ref<std::string&>());
    case 'n':
      value = nullptr;
      return read_word("null");
    case 't':
      value = true;
      return read_word("true");
    case 'f':
      value = false;
      return read_word("false");
    case 'N':
      value = std::numeric_limits<double>::quiet_NaN();
      return read_word("NaN");
    case 'I':
      value = std::numeric_limits<double>::infinity();
      return read_word("Infinity");
    default:
      return read_number(value);
  }
}

// Takes a run of digits and tells its length.
std::size_t JsonTokens::digits() {
  std::size_t start = position_;
  while (position_ < text_.size() && text_[position_] >= '0' && text_[position_] <= '9') {
    ++position_;
  }
  return position_ - start;
}

bool JsonTokens::read_number(Json& value) {
  std::size_t start = position_;
  if (is_at(position_, '-')) {
    ++position_;
    if (is_at(position_, 'I')) {
      value = -std::numeric_limits<double>::infinity();
      return read_word("Infinity");
    }
  }
  bool leading_zero = is_at(position_, '0');
  std::size_t whole = digits();
  if (whole == 0 || (leading_zero && whole > 1)) return false;
  bool is_float = false;
  if (is_at(position_, '.')) {
    is_float = true;
    ++position_;
    if (digits() == 0) return false;
  }
  if (is_at(position_, 'e') || is_at(position_, 'E')) {
    is_float = true;
    ++position_;
    if (is_at(position_, '+') || is_at(position_, '-')) ++position_;
    if (digits() == 0) return false;
  }
  std::string_view number = text_.substr(start, position_ - start);
  if (!is_float) return to_integer(number, value);
  value = to_float(number);
  return true;
}

}  // namespace millrace
