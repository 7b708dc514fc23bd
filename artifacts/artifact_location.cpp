#include "artifacts/artifact_location.h"

#include <algorithm>
#include <array>

#include "artifacts/artifact_uri.h"
#include "store/common/error.h"

namespace millrace {
namespace {

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

}  // namespace millrace
