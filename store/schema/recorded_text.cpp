#include "store/schema/recorded_text.h"

namespace millrace {

std::vector<std::string_view> split_recorded(std::string_view text, std::string_view end) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t length = text.find(end);
    parts.push_back(text.substr(0, length));
    if (length == std::string_view::npos) break;
    text.remove_prefix(length + end.size());
  }
  return parts;
}

std::vector<Revision> parse_revisions(std::string_view text) {
  std::vector<Revision> revisions;
  for (const std::string_view line : split_recorded(text, "\n")) {
    const std::size_t space = line.find(' ');
    const std::string_view release = line.substr(space + 1);
    revisions.push_back({line.substr(0, space), release == "?" ? "" : release});
  }
  return revisions;
}

}  // namespace millrace
