#include "store/text/posix_path.h"

#include <algorithm>

namespace millrace {

std::optional<std::string_view> take_name(std::string_view& path) {
  path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
  if (path.empty()) return std::nullopt;
  const std::string_view name = path.substr(0, path.find('/'));
  path.remove_prefix(name.size());
  return name;
}

std::string normalize_path(std::string_view path) {
  std::string result;
  if (path.starts_with('/'))
    result = path.starts_with("//") && !path.starts_with("///") ? "//" : "/";
  const std::size_t root = result.size();
  while (const auto name = take_name(path)) {
    if (*name == ".") continue;
    if (*name == "..") {
      const std::size_t slash = result.rfind('/');
      const std::size_t last = std::max(root, slash == std::string::npos ? 0 : slash + 1);
      if (result.size() > last && std::string_view(result).substr(last) != "..") {
        result.resize(last > root ? last - 1 : last);
        continue;
      }
      if (root > 0) continue;
    }
    if (result.size() > root) result += '/';
    result += *name;
  }
  return result.empty() ? "." : result;
}

}  // namespace millrace
