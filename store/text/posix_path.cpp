#include "store/text/posix_path.h"

namespace millrace {

void push_names(std::vector<std::string>& names, std::string_view path) {
  std::size_t end = path.size();
  while (true) {
    const std::size_t slash = end == 0 ? std::string_view::npos : path.rfind('/', end - 1);
    const std::size_t begin = slash == std::string_view::npos ? 0 : slash + 1;
    if (begin < end) names.emplace_back(path.substr(begin, end - begin));
    if (slash == std::string_view::npos) return;
    end = slash;
  }
}

std::string normalize_path(std::string_view path) {
  std::string_view root;
  if (path.starts_with("//") && !path.starts_with("///")) {
    root = "//";
  } else if (path.starts_with('/')) {
    root = "/";
  }
  std::vector<std::string> rest;
  push_names(rest, path);
  std::vector<std::string> kept;
  for (; !rest.empty(); rest.pop_back()) {
    std::string& name = rest.back();
    if (name == ".") continue;
    if (name != ".." || (root.empty() && kept.empty()) || (!kept.empty() && kept.back() == "..")) {
      kept.push_back(std::move(name));
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  std::string result(root);
  for (const std::string& name : kept) {
    if (&name != &kept.front()) result += '/';
    result += name;
  }
  return result.empty() ? "." : result;
}

}  // namespace millrace
