#include "artifacts/real_path.h"

#include <filesystem>
#include <system_error>
#include <vector>

#include "store/text/posix_path.h"

namespace millrace {
namespace {

// As many links as the kernel follows before it calls them a loop.
constexpr int kMaximumLinks = 40;

void drop_last_name(std::string& path) {
  const std::size_t slash = path.rfind('/');
  path.resize(slash == 0 ? 1 : slash);
}

}  // namespace

std::optional<std::string> resolve_path(std::string_view path) {
  if (path.find('\0') != std::string_view::npos) return std::nullopt;
  std::error_code error;
  std::string resolved =
      path.starts_with('/') ? "/" : std::filesystem::current_path(error).native();
  if (error) return std::nullopt;
  std::vector<std::string> rest;
  push_names(rest, path);
  int links = 0;
  while (!rest.empty()) {
    const std::string name = std::move(rest.back());
    rest.pop_back();
    if (name == ".") continue;
    if (name == "..") {
      drop_last_name(resolved);
      continue;
    }
    const std::size_t parent_size = resolved.size();
    if (resolved != "/") resolved += '/';
    resolved += name;
    std::error_code missing;
    if (!std::filesystem::is_symlink(std::filesystem::symlink_status(resolved, missing))) continue;
    const std::string target = std::filesystem::read_symlink(resolved, error).native();
    if (error || ++links > kMaximumLinks) return std::nullopt;
    resolved.resize(target.starts_with('/') ? 1 : parent_size);
    push_names(rest, target);
  }
  return resolved;
}

bool is_within(std::string_view path, std::string_view folder) {
  if (!path.starts_with(folder)) return false;
  return path.size() == folder.size() || folder == "/" || path[folder.size()] == '/';
}

}  // namespace millrace
