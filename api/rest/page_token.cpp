#include "api/rest/page_token.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "api/json/reader.h"
#include "api/json/writer.h"
#include "store/common/error.h"
#include "store/text/python_text.h"

namespace millrace {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

[[noreturn]] void refuse(std::string_view reason) {
  throw_invalid_parameter("Invalid page token, " + std::string(reason));
}

// int(value) for what JSON can hold.
std::int64_t integer_of(const Json& value) {
  if (value.is_boolean()) return value.get<bool>() ? 1 : 0;
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number_float()) {
    const double number = value.get<double>();
    if (std::abs(number) < 0x1p63) return static_cast<std::int64_t>(number);
  }
  if (value.is_string()) {
    const auto number = python::parse_int(value.get_ref<const std::string&>());
    if (number && number->fits) return number->value;
    refuse("not stringable " + value.get<std::string>());
  }
  refuse("not stringable " + python_repr(value));
}

}  // namespace

bool is_false(const Json& value) {
  if (value.is_boolean()) return !value.get<bool>();
  if (value.is_number()) return value.get<double>() == 0;
  if (value.is_string()) return value.get_ref<const std::string&>().empty();
  return !is_big_integer(value) && value.empty();  // null and empty containers
}

std::string base64_encode(std::string_view bytes) {
  std::string text;
  for (; !bytes.empty(); bytes.remove_prefix(std::min<std::size_t>(3, bytes.size()))) {
    unsigned group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = group << 8U | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      text += i <= bytes.size() ? kAlphabet[group >> (18 - 6 * i) & 0x3FU] : '=';
    }
  }
  return text;
}

std::optional<std::string> base64_decode(std::string_view text) {
  std::string bytes;
  unsigned group = 0;
  unsigned digits = 0;
  unsigned pads = 0;
  for (const char c : text) {
    if (c == '=') {
      if (digits >= 2 && digits + ++pads >= 4) return bytes;
      continue;
    }
    const std::size_t digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) continue;
    pads = 0;
    group = group << 6U | static_cast<unsigned>(digit);
    if (digits > 0) bytes += static_cast<char>(group >> (6 - 2 * digits) & 0xFFU);
    digits = (digits + 1) % 4;
  }
  if (digits != 0) return std::nullopt;
  return bytes;
}

std::string encode_page_token(std::int64_t offset) {
  return base64_encode("{\"offset\": " + std::to_string(offset) + "}");
}

std::int64_t next_offset(std::int64_t offset, std::int64_t max_results) {
  std::int64_t next = 0;
  if (__builtin_add_overflow(offset, max_results, &next)) {
    throw_invalid_parameter("Invalid page token, the offset " + std::to_string(offset) +
                            " is out of range");
  }
  return next;
}

std::string next_page_token(std::int64_t offset, std::int64_t max_results) {
  return encode_page_token(next_offset(offset, max_results));
}

std::optional<std::string> page_token_if(bool more, std::int64_t offset, std::int64_t max_results) {
  return more ? std::optional(next_page_token(offset, max_results)) : std::nullopt;
}

std::int64_t decode_page_token(std::string_view token) {
  if (token.empty()) return 0;
  if (token.size() > kLongestPageToken)
    refuse("longer than " + std::to_string(kLongestPageToken) + " characters");
  const bool ascii = std::all_of(token.begin(), token.end(),
                                 [](char c) { return static_cast<signed char>(c) >= 0; });
  const auto decoded = ascii ? base64_decode(token) : std::nullopt;
  if (!decoded) refuse("could not base64-decode");
  const std::optional<Json> parsed = parse_json(*decoded);
  if (!parsed) refuse("decoded value=" + python::bytes_repr(*decoded));
  const auto offset = parsed->is_object() ? parsed->find("offset") : parsed->end();
  if (!parsed->is_object() || offset == parsed->end() || is_false(*offset)) {
    refuse("parsed value=" + python_repr(*parsed));
  }
  return integer_of(*offset);
}

}  // namespace millrace
