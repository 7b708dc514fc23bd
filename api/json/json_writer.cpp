#include "api/json/json_writer.h"

#include <array>
#include <charconv>
#include <cmath>

#include "store/text/python_text.h"

namespace millrace {

namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

constexpr std::array<bool, 256> plain_bytes() {
  std::array<bool, 256> plain{};
  for (std::size_t byte = 0x20; byte < 0x7F; ++byte) plain[byte] = byte != '"' && byte != '\\';
  return plain;
}
constexpr std::array<bool, 256> kPlain = plain_bytes();

bool is_plain(char character) { return kPlain[static_cast<unsigned char>(character)]; }

void append_unit(std::string& out, char32_t unit) {
  const char escape[] = {'\\',
                         'u',
                         kHexDigits[unit >> 12 & 15],
                         kHexDigits[unit >> 8 & 15],
                         kHexDigits[unit >> 4 & 15],
                         kHexDigits[unit & 15]};
  out.append(escape, sizeof escape);
}

void append_escape(std::string& out, char32_t code_point) {
  constexpr std::string_view characters = "\"\\\b\f\n\r\t";
  constexpr std::string_view letters = "\"\\bfnrt";
  if (code_point > 0xFFFF) {
    append_unit(out, 0xD800 + ((code_point - 0x10000) >> 10));
    append_unit(out, 0xDC00 + (code_point & 0x3FF));
    return;
  }
  std::size_t found =
      code_point < 0x80 ? characters.find(static_cast<char>(code_point)) : std::string_view::npos;
  if (found == std::string_view::npos) {
    append_unit(out, code_point);
  } else {
    out += '\\';
    out += letters[found];
  }
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t position = 0; position < text.size();) {
    std::size_t start = position;
    while (position < text.size() && is_plain(text[position])) ++position;
    out.append(text, start, position - start);
    if (position == text.size()) break;
    start = position;
    char32_t code_point = python::next_code_point(text, position);
    bool valid = code_point < 0x80 || position - start > 1;
    append_escape(out, valid ? code_point : 0xFFFD);
  }
  out += '"';
}

}  // namespace

void JsonWriter::new_line() {
  out_ += '\n';
  out_.append(depth_ * 2, ' ');
}

void JsonWriter::before_item() {
  if (depth_ == 0) return;
  if (!first_) out_ += layout_ == Layout::Spaced ? std::string_view(", ") : std::string_view(",");
  if (layout_ == Layout::Pretty) new_line();
  first_ = false;
}

void JsonWriter::before_value() {
  if (!after_key_) before_item();
  after_key_ = false;
}

JsonWriter& JsonWriter::begin(char bracket) {
  before_value();
  out_ += bracket;
  ++depth_;
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::end(char bracket) {
  --depth_;
  if (!first_ && layout_ == Layout::Pretty) new_line();
  out_ += bracket;
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view key) {
  before_item();
  append_quoted(out_, key);
  out_ += layout_ == Layout::Compact ? std::string_view(":") : std::string_view(": ");
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::string(std::string_view value) {
  before_value();
  append_quoted(out_, value);
  return *this;
}

JsonWriter& JsonWriter::integer(std::int64_t value) {
  char buffer[24];
  char* end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return integer_digits({buffer, static_cast<std::size_t>(end - buffer)});
}

JsonWriter& JsonWriter::integer_digits(std::string_view digits) {
  before_value();
  out_ += digits;
  return *this;
}

JsonWriter& JsonWriter::number(double value) {
  before_value();
  if (std::isnan(value)) {
    out_ += "NaN";
  } else if (std::isinf(value)) {
    out_ += value > 0 ? "Infinity" : "-Infinity";
  } else {
    python::append_float_repr(out_, value);
  }
  return *this;
}

JsonWriter& JsonWriter::boolean(bool value) {
  before_value();
  out_ += value ? "true" : "false";
  return *this;
}

JsonWriter& JsonWriter::null() {
  before_value();
  out_ += "null";
  return *this;
}

}  // namespace millrace
