#include "api/commands/option_values.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>

#include "store/common/error.h"

namespace millrace {
namespace {

// What click writes about an option: '--port' / '-p'.
std::string quoted(std::string_view names) {
  std::string result;
  for (const std::string& name : split_list(names)) {
    result += (result.empty() ? "'" : " / '") + name + "'";
  }
  return result;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::string to_case(std::string text, int (*change)(int)) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [change](unsigned char c) { return static_cast<char>(change(c)); });
  return text;
}

}  // namespace

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> parts;
  if (text.empty()) return parts;
  for (;;) {
    std::size_t comma = text.find(',');
    parts.emplace_back(trim(text.substr(0, comma)));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

void throw_invalid_value(std::string_view names, const std::string& problem) {
  throw_invalid_parameter("Invalid value for " + quoted(names) + ": " + problem);
}

long long parse_integer(std::string_view names, std::string_view text, long long low,
                        long long high) {
  long long value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  bool in_range = error == std::errc() && value >= low && value <= high;
  if (end != text.data() + text.size() || error == std::errc::invalid_argument) {
    throw_invalid_value(names, "'" + std::string(text) + "' is not a valid integer.");
  }
  if (!in_range) {
    throw_invalid_value(names, std::string(text) + " is not in the range " + std::to_string(low) +
                                   "<=x<=" + std::to_string(high) + ".");
  }
  return value;
}

bool parse_boolean(std::string_view names, const std::string& text) {
  std::string value = to_lower(text);
  for (const char* word : {"1", "true", "t", "yes", "y", "on"}) {
    if (value == word) return true;
  }
  for (const char* word : {"0", "false", "f", "no", "n", "off"}) {
    if (value == word) return false;
  }
  throw_invalid_value(names, "'" + text + "' is not a valid boolean.");
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string to_lower(std::string text) { return to_case(std::move(text), std::tolower); }
std::string to_upper(std::string text) { return to_case(std::move(text), std::toupper); }

}  // namespace millrace
