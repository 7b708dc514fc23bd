#include "api/http/target.h"

#include <array>
#include <cstdint>

#include "store/text/ascii.h"
#include "store/text/percent_decoding.h"

namespace millrace {
namespace {

// The length of the well-formed UTF-8 sequence at `position`, or 0 with `bad` set to the number of
// bytes that CPython counts as one error (the maximal subpart, Unicode 3.9).
std::size_t utf8_sequence(std::string_view text, std::size_t position, std::size_t& bad) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return position + i < text.size() ? static_cast<unsigned char>(text[position + i]) : 0U;
  };
  const unsigned lead = byte(0);
  bad = 1;
  if (lead < 0x80) return 1;
  std::size_t length = 0;
  unsigned low = 0x80;
  unsigned high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) length = 2;
  if (lead >= 0xE0 && lead <= 0xEF) length = 3;
  if (lead >= 0xF0 && lead <= 0xF4) length = 4;
  if (length == 0) return 0;
  if (lead == 0xE0) low = 0xA0;
  if (lead == 0xED) high = 0x9F;
  if (lead == 0xF0) low = 0x90;
  if (lead == 0xF4) high = 0x8F;
  for (std::size_t i = 1; i < length; ++i) {
    if (byte(i) < low || byte(i) > high) return 0;
    bad = i + 1;
    low = 0x80;
    high = 0xBF;
  }
  return length;
}

// The bytes that the escapes stand for, whether or not they are UTF-8.
std::string percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
        hex_digit(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// werkzeug keeps what does not decode as UTF-8 in its percent-encoded form.
std::string requote_invalid_utf8(std::string_view text) {
  static constexpr std::array<char, 17> kHex{"0123456789ABCDEF"};
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    std::size_t bad = 1;
    const std::size_t length = utf8_sequence(text, i, bad);
    if (length > 0) {
      out.append(text.substr(i, length));
      i += length;
      continue;
    }
    for (std::size_t k = 0; k < bad; ++k) {
      const auto byte = static_cast<unsigned char>(text[i + k]);
      out += '%';
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    }
    i += bad;
  }
  return out;
}

std::string decode_query_part(std::string_view part) {
  std::string spaced(part);
  for (char& c : spaced) {
    if (c == '+') c = ' ';
  }
  return requote_invalid_utf8(percent_decode(spaced));
}

}  // namespace

Target parse_target(std::string_view raw) {
  Target target;
  const auto question = raw.find('?');
  target.raw_path = raw.substr(0, question);
  if (question != std::string_view::npos) target.raw_query = raw.substr(question + 1);
  if (target.raw_path.find('%') == std::string_view::npos) {
    target.path = std::string(target.raw_path);
  } else {
    target.path = unquote(target.raw_path);
  }
  return target;
}

QueryArguments parse_query(std::string_view raw_query) {
  QueryArguments arguments;
  while (!raw_query.empty()) {
    const auto end = raw_query.find('&');
    const std::string_view pair = raw_query.substr(0, end);
    raw_query = end == std::string_view::npos ? std::string_view() : raw_query.substr(end + 1);
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    arguments.emplace_back(decode_query_part(pair.substr(0, equals)),
                           equals == std::string_view::npos
                               ? std::string()
                               : decode_query_part(pair.substr(equals + 1)));
  }
  return arguments;
}

}  // namespace millrace
