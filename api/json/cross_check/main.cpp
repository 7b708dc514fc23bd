// What Millrace makes of a value, for the comparison with Python in compat-tests: each line of the
// input is "<operation> <hex bytes>", each line of the output the hex bytes of the result, or "-"
// where Python raises a ValueError.
#include <bit>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "api/json/reader.h"
#include "api/json/writer.h"
#include "store/common/error.h"
#include "store/text/python_text.h"

namespace {

using Result = std::optional<std::string>;
namespace python = millrace::python;
using millrace::Json;
using millrace::Layout;

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

// json.loads, then whatever is to be seen of the value. Too deep is told apart from a ValueError.
std::function<Result(const std::string&)> loaded(std::function<std::string(const Json&)> show) {
  return [show = std::move(show)](const std::string& bytes) -> Result {
    try {
      std::optional<Json> value = millrace::parse_json(bytes);
      return value ? Result(show(*value)) : std::nullopt;
    } catch (const millrace::Error&) {
      return "too deep";
    }
  };
}

std::function<Result(const std::string&)> dumped(Layout layout, bool sort_keys) {
  return loaded(
      [=](const Json& value) { return millrace::python_json_dumps(value, sort_keys, layout); });
}

std::string type_name(const Json& value) { return std::string(millrace::python_type_name(value)); }

// json.loads of a JSON string inside JSON, as MLflow decodes bodies that were encoded twice.
Result inner_repr(const std::string& text) {
  std::optional<Json> value = millrace::parse_json_text(text);
  return value ? Result(millrace::python_repr(*value)) : std::nullopt;
}

template <typename Write>
std::string written(Write write) {
  std::string out;
  millrace::JsonWriter writer(out, Layout::Compact);
  write(writer);
  return out;
}

Result json_string(const std::string& text) {
  return written([&](millrace::JsonWriter& writer) { writer.string(text); });
}

Result json_double(const std::string& bits) {
  return written([&](millrace::JsonWriter& writer) { writer.number(double_of(bits)); });
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
    {"json_string", json_string},
    {"json_double", json_double},
    {"json_pretty", dumped(Layout::Pretty, false)},
    {"json_spaced", dumped(Layout::Spaced, false)},
    {"json_compact_sorted", dumped(Layout::Compact, true)},
    {"json_repr", loaded(millrace::python_repr)},
    {"json_type", loaded(type_name)},
    {"json_inner", inner_repr},
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
