#include "artifacts/location.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "store/common/error.h"
#include "store/text/percent_decoding.h"
#include "store/text/uri.h"

namespace millrace {
namespace {

// pathlib's way of joining: empty and "." components vanish, ".." is kept.
std::string below_current_folder(std::string_view relative) {
  std::string result = std::filesystem::current_path().string();
  while (!relative.empty()) {
    std::string_view part = relative.substr(0, relative.find('/'));
    relative.remove_prefix(std::min(relative.size(), part.size() + 1));
    if (part.empty() || part == ".") continue;
    if (result.back() != '/') result += '/';
    result += part;
  }
  return result;
}

// posixpath.join, but an absolute `path` is appended too.
std::string join(std::string_view base, std::string_view path) {
  path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
  if (base.empty()) return std::string(path);
  std::string joined(base);
  if (!joined.ends_with('/')) joined += '/';
  return joined.append(path);
}

// urllib.parse.uses_netloc, as far as artifact roots go: these keep "//" even without a host.
bool keeps_slashes(std::string_view scheme) {
  static constexpr std::array<std::string_view, 6> kSchemes{"file", "http", "https",
                                                            "ftp",  "sftp", "nfs"};
  return std::find(kSchemes.begin(), kSchemes.end(), scheme) != kSchemes.end();
}

void refuse_traversal(std::string_view query) {
  if (query.find("..") != std::string_view::npos) throw_invalid_parameter("Invalid query string");
}

}  // namespace

std::string append_to_uri_path(std::string_view uri, std::string_view path) {
  const UriParts parts = split_uri(uri);
  refuse_traversal(parts.query);
  if (parts.scheme.empty()) return join(uri, path);
  const std::string_view without_params = parts.path_without_params();
  const std::string_view params = std::string_view(parts.path).substr(without_params.size());
  std::string result = join(without_params, path).append(params);
  if (!parts.netloc.empty() || (parts.path.starts_with('/') && keeps_slashes(parts.scheme))) {
    result = "//" + parts.netloc + (result.starts_with('/') ? "" : "/") + result;
  }
  result = parts.scheme + ":" + result;
  if (!parts.query.empty()) result += "?" + parts.query;
  if (!parts.fragment.empty()) result += "#" + parts.fragment;
  return result;
}

std::string resolve_if_local(const std::string& uri) {
  std::string scheme = uri_scheme(uri);
  if (scheme.empty()) {
    std::string path = unquote(uri);
    return path.starts_with('/') ? uri : below_current_folder(path);
  }
  if (scheme != "file") return uri;
  std::string_view rest = std::string_view(uri).substr(sizeof("file:") - 1);
  std::size_t path_end = rest.find_first_of("?#");
  // MLflow knows "file:" in small letters only and takes "FILE:///a" for a relative path.
  const bool is_path = !uri.starts_with("file:");
  std::string path = unquote(is_path ? std::string_view(uri) : rest.substr(0, path_end));
  if (path.starts_with('/')) return uri;  // absolute, or with a host
  std::string query(path_end == std::string_view::npos ? "" : rest.substr(path_end));
  return "file://" + below_current_folder(path) + query;
}

}  // namespace millrace
