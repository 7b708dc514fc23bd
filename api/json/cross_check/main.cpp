// What Millrace makes of a value, for the comparison with Python in compat-tests: each line of the
// input is "<operation> <hex bytes>", each line of the output the hex bytes of the result, or "-"
// for a ValueError.
#include <bit>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "store/text/python_text.h"

namespace {

using Result = std::optional<std::string>;
namespace python = millrace::python;

std::string from_hex(std::string_view hex) {
  auto value = [](char digit) { return digit <= '9' ? digit - '0' : digit - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(value(hex[i]) * 16 + value(hex[i + 1]));
  }
  return bytes;
}

std::string to_hex(std::string_view bytes) {
  std::string hex;
  for (unsigned char byte : bytes) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

Result word_flags(const std::string& text) {
  std::string flags;
  for (std::size_t position = 0; position < text.size();) {
    flags += python::is_word(python::next_code_point(text, position)) ? '1' : '0';
  }
  return flags;
}

// The bits of the double, big-endian.
double double_of(const std::string& bytes) {
  std::uint64_t bits = 0;
  for (unsigned char byte : bytes) bits = bits << 8 | byte;
  return std::bit_cast<double>(bits);
}

Result int_digits(const std::string& text) {
  std::optional<python::Int> parsed = python::parse_int(text);
  if (!parsed) return std::nullopt;
  return parsed->digits + (parsed->fits ? "" : "!");
}

const std::map<std::string, std::function<Result(const std::string&)>, std::less<>> operations{
    {"strip", [](const std::string& text) { return std::string(python::strip(text)); }},
    {"lower", [](const std::string& text) { return python::lower(text); }},
    {"length", [](const std::string& text) { return std::to_string(python::length(text)); }},
    {"word", word_flags},
    {"repr", [](const std::string& text) { return python::repr(text); }},
    {"bytes_repr", [](const std::string& bytes) { return python::bytes_repr(bytes); }},
    {"float_repr", [](const std::string& bits) { return python::float_repr(double_of(bits)); }},
    {"int", int_digits},
};

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    std::size_t blank = line.find(' ');
    auto operation = operations.find(std::string_view(line).substr(0, blank));
    if (operation == operations.end() || blank == std::string::npos) {
      std::cerr << "unknown operation: " << line.substr(0, 40) << '\n';
      return 2;
    }
    Result result = operation->second(from_hex(std::string_view(line).substr(blank + 1)));
    std::cout << (result ? to_hex(*result) : "-") << '\n';
  }
}
