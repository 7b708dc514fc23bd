#include "store/text/python_text.h"

#include <algorithm>
#include <array>

#include "store/text/ascii.h"
#include "store/text/unicode_tables.h"

namespace millrace::python {

bool tables::contains(Set set, char32_t code_point) {
  auto after = std::upper_bound(set.begin(), set.end(), code_point);
  return (after - set.begin()) % 2 == 1;
}

namespace {

// One step through a text. `valid` is false for a byte that is not UTF-8.
struct Step {
  char32_t code_point;
  bool valid;

  bool in(tables::Set set) const { return valid && tables::contains(set, code_point); }
};

Step step(std::string_view text, std::size_t& position) {
  std::size_t start = position;
  char32_t code_point = next_code_point(text, position);
  return {code_point, code_point < 0x80 || position - start > 1};
}

// Where the last code point of a text that is not empty starts.
std::size_t last_start(std::string_view text) {
  std::size_t earliest = text.size() > 4 ? text.size() - 4 : 0;
  for (std::size_t start = text.size() - 1;; --start) {
    std::size_t end = start;
    next_code_point(text, end);
    if (end == text.size() && (static_cast<unsigned char>(text[start]) & 0xC0) != 0x80)
      return start;
    if (start == earliest) return text.size() - 1;
  }
}

char32_t lower_code_point(char32_t code_point) {
  auto ranges = tables::lower_ranges;
  auto after = std::upper_bound(
      ranges.begin(), ranges.end(), code_point,
      [](char32_t value, const tables::LowerRange& range) { return value < range.first; });
  if (after == ranges.begin()) return code_point;
  const tables::LowerRange& range = *(after - 1);
  if (code_point > range.last || (code_point - range.first) % range.step != 0) return code_point;
  return code_point + static_cast<char32_t>(range.delta);
}

bool cased_follows(std::string_view text, std::size_t position) {
  while (position < text.size()) {
    Step next = step(text, position);
    if (!next.in(tables::case_ignorable)) return next.in(tables::cased);
  }
  return false;
}

// Python prefers single quotes, unless the text has some and no double quotes.
char quote_for(std::string_view text) {
  bool has_single = text.find('\'') != std::string_view::npos;
  return has_single && text.find('"') == std::string_view::npos ? '"' : '\'';
}

void append_hex(std::string& out, char letter, int digits, char32_t value) {
  out += '\\';
  out += letter;
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
    out += "0123456789abcdef"[(value >> shift) & 0xF];
  }
}

void append_escaped_ascii(std::string& out, char32_t value, char quote) {
  char character = static_cast<char>(value);
  if (character == quote || character == '\\') {
    out += '\\';
    out += character;
  } else if (character == '\t') {
    out += "\\t";
  } else if (character == '\n') {
    out += "\\n";
  } else if (character == '\r') {
    out += "\\r";
  } else if (value < 0x20 || value == 0x7F) {
    append_hex(out, 'x', 2, value);
  } else {
    out += character;
  }
}

}  // namespace

char32_t next_code_point(std::string_view text, std::size_t& position) {
  auto byte = [&](std::size_t i) -> char32_t { return static_cast<unsigned char>(text[i]); };
  char32_t first = byte(position++);
  if (first < 0xC2 || first > 0xF4) return first;
  std::size_t more = first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
  if (text.size() - position < more) return first;
  char32_t value = first & (0x3Fu >> more);
  for (std::size_t i = 0; i < more; ++i) {
    char32_t next = byte(position + i);
    if ((next & 0xC0) != 0x80) return first;
    value = value << 6 | (next & 0x3F);
  }
  constexpr std::array<char32_t, 4> smallest{0, 0x80, 0x800, 0x10000};
  if (value < smallest[more] || value > 0x10FFFF) return first;
  position += more;
  return value;
}

void append_code_point(std::string& text, char32_t code_point) {
  auto add = [&](char32_t byte) { text += static_cast<char>(byte); };
  if (code_point < 0x80) {
    add(code_point);
  } else if (code_point < 0x800) {
    add(0xC0 | code_point >> 6);
    add(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    add(0xE0 | code_point >> 12);
    add(0x80 | (code_point >> 6 & 0x3F));
    add(0x80 | (code_point & 0x3F));
  } else {
    add(0xF0 | code_point >> 18);
    add(0x80 | (code_point >> 12 & 0x3F));
    add(0x80 | (code_point >> 6 & 0x3F));
    add(0x80 | (code_point & 0x3F));
  }
}

std::size_t length(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t position = 0; position < text.size(); ++count) next_code_point(text, position);
  return count;
}

std::string_view strip(std::string_view text) {
  while (!text.empty()) {
    std::size_t end = 0;
    if (!step(text, end).in(tables::space)) break;
    text.remove_prefix(end);
  }
  while (!text.empty()) {
    std::size_t start = last_start(text);
    std::size_t position = start;
    if (!step(text, position).in(tables::space)) break;
    text.remove_suffix(text.size() - start);
  }
  return text;
}

std::string lower(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  if (is_ascii(text)) {
    for (char c : text) out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return out;
  }
  bool after_cased = false;  // for the final sigma: case-ignorable characters do not count
  for (std::size_t position = 0; position < text.size();) {
    std::size_t start = position;
    Step next = step(text, position);
    if (!next.valid) {
      out += text[start];
    } else if (next.code_point == 0x3A3) {
      bool is_final = after_cased && !cased_follows(text, position);
      append_code_point(out, is_final ? 0x3C2 : 0x3C3);
    } else if (next.code_point == 0x130) {
      out += "i\xCC\x87";
    } else {
      append_code_point(out, lower_code_point(next.code_point));
    }
    if (!next.in(tables::case_ignorable)) after_cased = next.in(tables::cased);
  }
  return out;
}

bool is_word(char32_t code_point) {
  if (code_point >= 0x80) return tables::contains(tables::word, code_point);
  char32_t letter = code_point | 0x20;
  return (letter >= 'a' && letter <= 'z') || (code_point >= '0' && code_point <= '9') ||
         code_point == '_';
}

std::string repr(std::string_view text) {
  char quote = quote_for(text);
  std::string out(1, quote);
  for (std::size_t position = 0; position < text.size();) {
    std::size_t start = position;
    Step next = step(text, position);
    if (next.code_point < 0x80) {
      append_escaped_ascii(out, next.code_point, quote);
    } else if (next.in(tables::printable)) {
      out += text.substr(start, position - start);
    } else if (next.code_point <= 0xFF) {
      append_hex(out, 'x', 2, next.code_point);
    } else if (next.code_point <= 0xFFFF) {
      append_hex(out, 'u', 4, next.code_point);
    } else {
      append_hex(out, 'U', 8, next.code_point);
    }
  }
  return out += quote;
}

std::string bytes_repr(std::string_view bytes) {
  char quote = quote_for(bytes);
  std::string out = "b";
  out += quote;
  for (char character : bytes) {
    auto value = static_cast<unsigned char>(character);
    if (value < 0x80) {
      append_escaped_ascii(out, value, quote);
    } else {
      append_hex(out, 'x', 2, value);
    }
  }
  return out += quote;
}

}  // namespace millrace::python
