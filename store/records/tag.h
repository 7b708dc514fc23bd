// A key with a value, as models, versions, experiments, runs and logged models carry them.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace millrace {

struct Tag {
  std::string key;
  std::string value;
};

// Each key once: at its first position, with its last value.
inline std::vector<Tag> distinct(const std::vector<Tag>& tags) {
  std::vector<Tag> result;
  result.reserve(tags.size());
  std::unordered_map<std::string_view, std::size_t> positions;
  for (const Tag& tag : tags) {
    const auto [position, is_new] = positions.try_emplace(tag.key, result.size());
    if (is_new) {
      result.push_back(tag);
    } else {
      result[position->second].value = tag.value;
    }
  }
  return result;
}

}  // namespace millrace
