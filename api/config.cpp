#include "api/config.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <system_error>

#include "store/common/percent_decoding.h"

namespace millrace {
namespace {

bool is_scheme_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '-' || c == '.';
}

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

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

}  // namespace

std::string uri_scheme(std::string_view uri) {
  std::size_t colon = uri.find(':');
  if (colon == std::string_view::npos || colon == 0) return "";
  std::string scheme(uri.substr(0, colon));
  if (!std::isalpha(static_cast<unsigned char>(scheme[0]))) return "";
  if (!std::all_of(scheme.begin(), scheme.end(), is_scheme_char)) return "";
  std::transform(scheme.begin(), scheme.end(), scheme.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return scheme;
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

bool has_file_store_data(const std::string& folder) {
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    std::string name = it->path().filename().string();
    bool is_experiment_id =
        std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isdigit(c); });
    if (!is_experiment_id || !it->is_directory(error)) continue;
    auto meta = std::filesystem::symlink_status(it->path() / "meta.yaml", error);
    if (std::filesystem::exists(meta)) return true;
    error.clear();
  }
  return false;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> parts;
  if (text.empty()) return parts;
  for (;;) {
    std::size_t comma = text.find(',');
    parts.emplace_back(trim(text.substr(0, comma)));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace millrace
