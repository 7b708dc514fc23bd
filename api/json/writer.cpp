#include "api/json/writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

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

constexpr std::size_t kPiece = 4096;
constexpr std::string_view kBlanks = "                                ";
// The most that stands before an item beside its blanks, and after a key.
constexpr std::size_t kAround = 8;
// Longer texts are not put together in the piece.
constexpr std::size_t kLongText = kPiece / 4;

// Whether one of eight bytes needs an escape: the well-known tests of all bytes of a word at once
// for one that is zero or less than some number.
bool any_special(std::uint64_t bytes) {
  constexpr std::uint64_t ones = 0x0101'0101'0101'0101;
  const auto zeros = [](std::uint64_t word) { return (word - ones) & ~word; };
  const std::uint64_t found = ((bytes - ones * 0x20) & ~bytes) | zeros(bytes ^ ones * '"') |
                              zeros(bytes ^ ones * '\\') | zeros(bytes ^ ones * 0x7F) | bytes;
  return (found & ones * 0x80) != 0;
}

// Copies a text of 4 to 8 bytes, and returns them all: the first four and the last four.
std::uint64_t copy_short(char* at, std::string_view text) {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  const std::size_t rest = text.size() - sizeof last;
  std::memcpy(&first, text.data(), sizeof first);
  std::memcpy(&last, text.data() + rest, sizeof last);
  std::memcpy(at, &first, sizeof first);
  std::memcpy(at + rest, &last, sizeof last);
  return std::uint64_t{first} << 32U | last;
}

// Copies a text; false if one of its characters needs an escape.
bool copy_plain(char* at, std::string_view text) {
  constexpr std::size_t step = sizeof(std::uint64_t);
  if (text.size() < sizeof(std::uint32_t)) {
    std::copy(text.begin(), text.end(), at);
    return std::all_of(text.begin(), text.end(), is_plain);
  }
  if (text.size() <= step) return !any_special(copy_short(at, text));
  bool special = false;
  const auto copy_step = [&](std::size_t position) {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, text.data() + position, step);
    std::memcpy(at + position, &bytes, step);
    special = special || any_special(bytes);
  };
  for (std::size_t position = 0; position + step < text.size(); position += step) {
    copy_step(position);
  }
  copy_step(text.size() - step);
  return !special;
}

void append_quoted_utf8(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || c == '"' || c == '\\') {
      append_escape(out, byte);
    } else {
      out += c;
    }
  }
  out += '"';
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

void JsonWriter::flush() {
  out_.append(piece_.data(), used_);
  used_ = 0;
}

// Where an item of `size` bytes can be written, with all that stands around it.
char* JsonWriter::room(std::size_t size) {
  size += depth_ * 2 + kAround + kBlanks.size();
  if (size > piece_.size() - used_) make_room(size);
  return piece_.data() + used_;
}

void JsonWriter::make_room(std::size_t size) {
  flush();
  if (size > piece_.size()) piece_.resize(std::max(size, kPiece));
}

JsonWriter& JsonWriter::finish(const char* end) {
  used_ = static_cast<std::size_t>(end - piece_.data());
  if (depth_ == 0) flush();
  return *this;
}

char* JsonWriter::write_line(char* at) const {
  *at++ = '\n';
  const std::size_t blanks = depth_ * 2;
  if (blanks > kBlanks.size()) return std::fill_n(at, blanks, ' ');
  std::memcpy(at, kBlanks.data(), kBlanks.size());  // of a fixed size: no call
  return at + blanks;
}

char* JsonWriter::begin_item(char* at) {
  if (depth_ == 0) return at;
  if (!first_) {
    *at++ = ',';
    if (layout_ == Layout::Spaced) *at++ = ' ';
  }
  if (layout_ == Layout::Pretty) at = write_line(at);
  first_ = false;
  return at;
}

char* JsonWriter::begin_value(char* at) {
  if (!after_key_) at = begin_item(at);
  after_key_ = false;
  return at;
}

// There is room for a text that is not long, and for what stands around it.
char* JsonWriter::write_quoted(char* at, std::string_view text) {
  if (text.size() < kLongText && copy_plain(at + 1, text)) {
    at[0] = at[text.size() + 1] = '"';
    return at + text.size() + 2;
  }
  used_ = static_cast<std::size_t>(at - piece_.data());
  flush();
  append_quoted(out_, text);
  return room(0);
}

JsonWriter& JsonWriter::begin(char bracket) {
  char* at = begin_value(room(1));
  *at++ = bracket;
  ++depth_;
  first_ = true;
  return finish(at);
}

JsonWriter& JsonWriter::end(char bracket) {
  --depth_;
  char* at = room(1);
  if (!first_ && layout_ == Layout::Pretty) at = write_line(at);
  *at++ = bracket;
  first_ = false;
  return finish(at);
}

JsonWriter& JsonWriter::key(std::string_view key) {
  char* at = write_quoted(begin_item(room(std::min(key.size(), kLongText))), key);
  *at++ = ':';
  if (layout_ == Layout::Pretty || layout_ == Layout::Spaced) *at++ = ' ';
  after_key_ = true;
  return finish(at);
}

JsonWriter& JsonWriter::string(std::string_view value) {
  char* at = begin_value(room(std::min(value.size(), kLongText)));
  if (layout_ != Layout::Utf8) return finish(write_quoted(at, value));
  used_ = static_cast<std::size_t>(at - piece_.data());
  flush();
  append_quoted_utf8(out_, value);
  return *this;
}

JsonWriter& JsonWriter::integer(std::int64_t value) {
  constexpr std::size_t longest = 24;
  char* at = begin_value(room(longest));
  return finish(std::to_chars(at, at + longest, value).ptr);
}

JsonWriter& JsonWriter::word(std::string_view text) {
  return finish(std::copy(text.begin(), text.end(), begin_value(room(text.size()))));
}

JsonWriter& JsonWriter::integer_digits(std::string_view digits) { return word(digits); }

JsonWriter& JsonWriter::number(double value) {
  if (std::isnan(value)) return word("NaN");
  if (std::isinf(value)) return word(value > 0 ? "Infinity" : "-Infinity");
  return finish(python::write_float_repr(begin_value(room(python::kLongestFloatRepr)), value));
}

JsonWriter& JsonWriter::boolean(bool value) { return word(value ? "true" : "false"); }

JsonWriter& JsonWriter::null() { return word("null"); }

}  // namespace millrace
