#include "api/json/error.h"

#include <algorithm>
#include <array>

#include "api/json/reader.h"
#include "store/text/ascii.h"
#include "store/text/python_text.h"

namespace millrace {
namespace {

constexpr std::string_view kValue = "Expecting value";
constexpr std::string_view kName = "Expecting property name enclosed in double quotes";

// json.decoder and json.scanner, as far as their errors go. What fails sets `reason_` and the
// position of the fault, and returns false.
class Walk {
 public:
  explicit Walk(std::string_view text) : text_(text) {}

  std::string error() {
    if (text_.starts_with("\xEF\xBB\xBF")) {
      fail("Unexpected UTF-8 BOM (decode using utf-8-sig)", 0);
    } else {
      skip_blanks();
      if (value(0)) {
        skip_blanks();
        fail("Extra data", position_);
      }
    }
    const std::string_view before = text_.substr(0, fault_);
    const auto lines = std::count(before.begin(), before.end(), '\n');
    const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    return std::string(reason_) + ": line " + std::to_string(lines + 1) + " column " +
           std::to_string(python::length(before.substr(line_start)) + 1) + " (char " +
           std::to_string(python::length(before)) + ")";
  }

 private:
  char peek() const { return position_ < text_.size() ? text_[position_] : '\0'; }
  bool is_at(char wanted) const { return position_ < text_.size() && text_[position_] == wanted; }

  bool fail(std::string_view reason, std::size_t at) {
    reason_ = reason;
    fault_ = at;
    return false;
  }

  void skip_blanks() {
    while (position_ < text_.size() &&
           std::string_view(" \t\n\r").find(peek()) != std::string_view::npos)
      ++position_;
  }

  bool value(std::size_t depth) {
    const std::size_t start = position_;
    if (is_at('"')) return string();
    if (depth < kMaximumJsonDepth && is_at('{')) return object(depth + 1);
    if (depth < kMaximumJsonDepth && is_at('[')) return array(depth + 1);
    for (const std::string_view word : {"null", "true", "false", "NaN", "Infinity", "-Infinity"}) {
      if (!text_.substr(position_).starts_with(word)) continue;
      position_ += word.size();
      return true;
    }
    return number() || fail(kValue, start);
  }

  bool number() {
    const std::size_t start = position_;
    if (is_at('-')) ++position_;
    if (is_at('0')) {
      ++position_;
    } else if (!digits()) {
      position_ = start;
      return false;
    }
    // A fraction or an exponent without digits is no part of the number.
    std::size_t end = position_;
    if (is_at('.')) {
      ++position_;
      if (digits()) end = position_;
      position_ = end;
    }
    if (is_at('e') || is_at('E')) {
      ++position_;
      if (is_at('+') || is_at('-')) ++position_;
      if (digits()) end = position_;
      position_ = end;
    }
    return true;
  }

  bool digits() {
    const std::size_t start = position_;
    while (peek() >= '0' && peek() <= '9') ++position_;
    return position_ > start;
  }

  bool string() {
    const std::size_t start = position_++;
    while (position_ < text_.size()) {
      const char c = peek();
      if (c == '"') return ++position_, true;
      if (static_cast<unsigned char>(c) < 0x20)
        return fail("Invalid control character at", position_);
      if (c != '\\') {
        ++position_;
      } else if (!escape(start)) {
        return false;
      }
    }
    return fail("Unterminated string starting at", start);
  }

  bool escape(std::size_t start) {
    const std::size_t backslash = position_++;
    if (position_ == text_.size()) return fail("Unterminated string starting at", start);
    const char kind = text_[position_++];
    if (kind != 'u') {
      return std::string_view("\"\\/bfnrt").find(kind) != std::string_view::npos ||
             fail("Invalid \\escape", backslash);
    }
    const std::string_view hex = text_.substr(position_, 4);
    const bool complete = hex.size() == 4 && std::all_of(hex.begin(), hex.end(),
                                                         [](char c) { return hex_digit(c) >= 0; });
    if (!complete) return fail("Invalid \\uXXXX escape", backslash + 1);
    position_ += 4;
    return true;
  }

  bool object(std::size_t depth) {
    ++position_;
    skip_blanks();
    if (is_at('}')) return ++position_, true;
    while (true) {
      if (!is_at('"')) return fail(kName, position_);
      if (!string()) return false;
      skip_blanks();
      if (!is_at(':')) return fail("Expecting ':' delimiter", position_);
      ++position_;
      skip_blanks();
      if (!value(depth)) return false;
      skip_blanks();
      if (is_at('}')) return ++position_, true;
      if (!is_at(',')) return fail("Expecting ',' delimiter", position_);
      ++position_;
      skip_blanks();
    }
  }

  bool array(std::size_t depth) {
    ++position_;
    skip_blanks();
    if (is_at(']')) return ++position_, true;
    while (true) {
      if (!value(depth)) return false;
      skip_blanks();
      if (is_at(']')) return ++position_, true;
      if (!is_at(',')) return fail("Expecting ',' delimiter", position_);
      ++position_;
      skip_blanks();
    }
  }

  std::string_view text_;
  std::size_t position_ = 0;
  std::string_view reason_ = kValue;
  std::size_t fault_ = 0;
};

}  // namespace

bool is_utf8(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t start = at;
    const char32_t code = python::next_code_point(bytes, at);
    const bool single = at - start == 1;
    if ((single && code >= 0x80) || (code >= 0xD800 && code <= 0xDFFF)) return false;
  }
  return true;
}

std::string python_json_error(std::string_view text) { return Walk(text).error(); }

}  // namespace millrace
