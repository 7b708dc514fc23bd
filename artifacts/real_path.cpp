#include "artifacts/real_path.h"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <system_error>

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
  if (path.size() >= PATH_MAX || path.find('\0') != std::string_view::npos) return std::nullopt;
  std::error_code error;
  std::string resolved =
      path.starts_with('/') ? "/" : std::filesystem::current_path(error).native();
  if (error) return std::nullopt;
  std::string pending(path);
  std::string_view rest = pending;
  std::array<char, PATH_MAX> target;
  int links = 0;
  while (const auto name = take_name(rest)) {
    if (*name == ".") continue;
    if (*name == "..") {
      drop_last_name(resolved);
      continue;
    }
    const std::size_t parent_size = resolved.size();
    if (resolved != "/") resolved += '/';
    resolved += *name;
    struct stat status {};
    if (::lstat(resolved.c_str(), &status) != 0 || !S_ISLNK(status.st_mode)) continue;
    const ssize_t size = ::readlink(resolved.c_str(), target.data(), target.size());
    if (size <= 0 || ++links > kMaximumLinks) return std::nullopt;
    resolved.resize(target.front() == '/' ? 1 : parent_size);
    pending = std::string(target.data(), static_cast<std::size_t>(size)).append("/").append(rest);
    rest = pending;
  }
  return resolved;
}

std::string path_without_links(std::string_view path) {
  std::error_code error;
  std::string text = path.starts_with('/') ? "" : std::filesystem::current_path(error).native();
  if (error) return "";
  text = normalize_path(text.append("/").append(path));
  return text.starts_with("//") ? text.substr(1) : text;
}

bool is_within(std::string_view path, std::string_view folder) {
  if (!path.starts_with(folder)) return false;
  return path.size() == folder.size() || folder == "/" || path[folder.size()] == '/';
}

}  // namespace millrace
