#include "store/db/option_reader.h"

#include <algorithm>
#include <charconv>

#include "store/common/error.h"
#include "store/text/ascii.h"

namespace millrace {
namespace {

bool contains(std::initializer_list<std::string_view> words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

OptionReader::OptionReader(const DatabaseUri& uri, std::string_view database)
    : database_(database), left_(uri.options) {
  for (auto option = left_.begin(); option != left_.end(); ++option) {
    for (auto other = left_.begin(); other != option; ++other) {
      if (other->first == option->first) refuse(option->first, "is given twice");
    }
  }
}

std::optional<std::string> OptionReader::text(std::string_view name) {
  const auto found = std::find_if(left_.begin(), left_.end(),
                                  [name](const auto& option) { return option.first == name; });
  if (found == left_.end()) return std::nullopt;
  std::string value = std::move(found->second);
  left_.erase(found);
  if (value.empty()) return std::nullopt;
  return value;
}

std::optional<bool> OptionReader::boolean(std::string_view name) {
  const auto value = text(name);
  if (!value) return std::nullopt;
  const std::string lower = ascii_lower(*value);
  if (contains({"true", "yes", "on", "y", "t", "1"}, lower)) return true;
  if (contains({"false", "no", "off", "n", "f", "0"}, lower)) return false;
  refuse(name, "must be true or false");
}

std::optional<int> OptionReader::integer(std::string_view name, int low, int high) {
  const auto value = text(name);
  if (!value) return std::nullopt;
  int number = 0;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), number);
  if (error != std::errc() || end != value->data() + value->size() || number < low ||
      number > high) {
    refuse(name,
           "must be a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  }
  return number;
}

std::optional<std::string> OptionReader::word(std::string_view name,
                                              std::initializer_list<std::string_view> words) {
  const auto value = text(name);
  if (!value) return std::nullopt;
  std::string lower = ascii_lower(*value);
  if (contains(words, lower)) return lower;
  std::string known;
  for (const std::string_view one : words) known.append(known.empty() ? "" : ", ").append(one);
  refuse(name, "must be one of: " + known);
}

void OptionReader::refuse(std::string_view name, std::string_view why) const {
  throw_invalid_parameter("The option '" + std::string(name) + "' of a " + std::string(database_) +
                          " database URI " + std::string(why) + ".");
}

void OptionReader::finish() const {
  if (!left_.empty()) refuse(left_.front().first, "is not supported");
}

}  // namespace millrace
