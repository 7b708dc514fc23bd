#include "store/text/percent_decoding.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "store/text/ascii.h"

namespace millrace {
namespace {

bool is_escape(std::string_view text) {
  return text.size() >= 3 && text[0] == '%' && hex_digit(text[1]) >= 0 && hex_digit(text[2]) >= 0;
}

char escaped_byte(std::string_view text) {
  return static_cast<char>(hex_digit(text[1]) * 16 + hex_digit(text[2]));
}

bool is_high(char c) { return static_cast<unsigned char>(c) >= 0x80; }

// The well-formed UTF-8 sequences by their first byte: how many bytes follow, and the range of the
// first of them (Unicode's table 3-7).
struct Sequence {
  unsigned char first, last;
  std::size_t following;
  unsigned char low, high;
};
constexpr std::array<Sequence, 8> kSequences{{
    {0xC2, 0xDF, 1, 0x80, 0xBF},
    {0xE0, 0xE0, 2, 0xA0, 0xBF},
    {0xE1, 0xEC, 2, 0x80, 0xBF},
    {0xED, 0xED, 2, 0x80, 0x9F},
    {0xEE, 0xEF, 2, 0x80, 0xBF},
    {0xF0, 0xF0, 3, 0x90, 0xBF},
    {0xF1, 0xF3, 3, 0x80, 0xBF},
    {0xF4, 0xF4, 3, 0x80, 0x8F},
}};

// Appends bytes.decode("utf-8", "replace") of bytes that are all 0x80 or more: each longest start
// of a sequence that goes wrong becomes one U+FFFD.
void append_replacing(std::string& out, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    const auto row = std::find_if(kSequences.begin(), kSequences.end(), [&](const Sequence& s) {
      return byte(0) >= s.first && byte(0) <= s.last;
    });
    std::size_t size = 1;
    std::size_t wanted = 0;
    if (row != kSequences.end()) {
      wanted = row->following + 1;
      while (size < wanted && size < bytes.size() && byte(size) >= (size == 1 ? row->low : 0x80) &&
             byte(size) <= (size == 1 ? row->high : 0xBF)) {
        ++size;
      }
    }
    if (size == wanted) {
      out += bytes.substr(0, size);
    } else {
      out += "\xEF\xBF\xBD";
    }
    bytes.remove_prefix(size);
  }
}

// Bytes, each with the round of decoding that made it; 0 is the text as it was given. Python
// decodes the bytes that one round makes side by side as one piece of UTF-8, and never joins them
// with what other rounds make.
class RoundedBytes {
 public:
  void push(char c, std::uint32_t round) {
    bytes_ += c;
    rounds_.push_back(round);
  }

  // Replaces an escape at the end by its byte; returns whether there was one.
  bool reduce(Plus plus) {
    const std::size_t size = bytes_.size();
    if (size < 3 || !is_escape(std::string_view(bytes_).substr(size - 3))) return false;
    char c = escaped_byte(std::string_view(bytes_).substr(size - 3));
    if (c == '+' && plus == Plus::IsSpace) c = ' ';
    const std::uint32_t round = 1 + *std::max_element(rounds_.end() - 3, rounds_.end());
    bytes_.resize(size - 3);
    rounds_.resize(size - 3);
    push(c, round);
    return true;
  }

  std::string text() const {
    std::string out;
    out.reserve(bytes_.size());
    for (std::size_t i = 0; i < bytes_.size();) {
      std::size_t end = i + 1;
      if (!is_high(bytes_[i]) || rounds_[i] == 0) {
        out += bytes_[i];
      } else {
        while (end < bytes_.size() && is_high(bytes_[end]) && rounds_[end] == rounds_[i]) ++end;
        append_replacing(out, std::string_view(bytes_).substr(i, end - i));
      }
      i = end;
    }
    return out;
  }

 private:
  std::string bytes_;
  std::vector<std::uint32_t> rounds_;
};

}  // namespace

std::string unquote(std::string_view text) {
  if (text.find('%') == std::string_view::npos) return std::string(text);
  RoundedBytes out;
  while (!text.empty()) {
    const bool escape = is_escape(text);
    out.push(escape ? escaped_byte(text) : text.front(), escape ? 1 : 0);
    text.remove_prefix(escape ? 3 : 1);
  }
  return out.text();
}

// Escapes never overlap, and replacing one neither makes nor destroys a neighbour other than by
// completing it. So the order of replacement does not matter, and one pass with a stack will do.
std::string quote(std::string_view text, std::string_view kept) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string quoted;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (plain || kept.find(c) != std::string_view::npos) {
      quoted += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    quoted += '%';
    quoted += kDigits[byte >> 4U];
    quoted += kDigits[byte & 0xFU];
  }
  return quoted;
}

std::string unquote_fully(std::string_view text, Plus plus) {
  if (text.find_first_of(plus == Plus::IsSpace ? "%+" : "%") == std::string_view::npos)
    return std::string(text);
  RoundedBytes out;
  for (const char c : text) {
    out.push(c == '+' && plus == Plus::IsSpace ? ' ' : c, 0);
    while (out.reduce(plus)) {
    }
  }
  return out.text();
}

}  // namespace millrace
