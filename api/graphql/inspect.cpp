#include "api/graphql/inspect.h"

#include <algorithm>

#include "api/json/writer.h"
#include "store/text/python_text.h"

namespace millrace::graphql {
namespace {

constexpr std::size_t kLongest = 240;  // characters of a text, its quotes included
constexpr std::size_t kMostMembers = 10;
constexpr int kDeepest = 2;
constexpr std::size_t kLongestCharacter = 4;  // bytes

std::string_view first_characters(std::string_view text, std::size_t count) {
  std::size_t end = 0;
  for (; count > 0 && end < text.size(); --count) python::next_code_point(text, end);
  return text.substr(0, end);
}

std::string_view last_characters(std::string_view text, std::size_t count) {
  std::size_t begin = text.size();
  for (; count > 0 && begin > 0; --count) {
    --begin;
    while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0U) == 0x80) --begin;
  }
  return text.substr(begin);
}

std::string shortened(const std::string& text) {
  if (text.size() <= kLongest || python::length(text) <= kLongest) return text;
  constexpr std::size_t kHead = (kLongest - 3) / 2;
  return std::string(first_characters(text, kHead))
      .append("...")
      .append(last_characters(text, kLongest - 3 - kHead));
}

std::string inspect_text(std::string_view text) {
  // A longer text is not written whole to be cut; only which quotes it gets may then differ.
  if (text.size() <= 4 * kLongest * kLongestCharacter) return shortened(python::repr(text));
  return shortened(python::repr(
      std::string(first_characters(text, kLongest)).append(last_characters(text, kLongest))));
}

std::string inspect_at(const Json& value, int depth);

// The members, each as `show` gives it by its place, between the brackets.
template <class Show>
std::string inspect_members(std::size_t count, std::string_view brackets, const Show& show) {
  std::string text(1, brackets.front());
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) text += ", ";
    if (count > kMostMembers && i == kMostMembers / 2) {
      text += "..., ";
      i = count - (kMostMembers / 2 - 1);
    }
    text += show(i);
  }
  return text + brackets.back();
}

std::string inspect_at(const Json& value, int depth) {
  if (value.is_string()) return inspect_text(value.get_ref<const std::string&>());
  if (!value.is_structured()) {
    const std::string text = python_repr(value);
    return is_integer(value) ? shortened(text) : text;
  }
  if (value.empty()) return value.is_array() ? "[]" : "{}";
  if (depth == kDeepest) return value.is_array() ? "[...]" : "{...}";
  if (value.is_array()) {
    return inspect_members(value.size(), "[]",
                           [&](std::size_t i) { return inspect_at(value[i], depth + 1); });
  }
  const auto& members = value.get_ref<const Json::object_t&>();
  return inspect_members(members.size(), "{}", [&](std::size_t i) {
    const auto& [key, member] = members.begin()[static_cast<std::ptrdiff_t>(i)];
    return inspect_text(key) + ": " + inspect_at(member, depth + 1);
  });
}

}  // namespace

std::string inspect(const Json& value) { return inspect_at(value, 0); }

}  // namespace millrace::graphql
