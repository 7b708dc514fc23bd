#include "artifacts/path_rules.h"

#include "store/common/error.h"
#include "store/text/percent_decoding.h"
#include "store/text/posix_path.h"
#include "store/text/uri.h"

namespace millrace {
namespace {

constexpr int kMostRounds = 10;

[[noreturn]] void refuse() { throw_invalid_parameter("Invalid path"); }

std::string decode(std::string_view path) {
  std::string url(path);
  for (int round = 0; round < kMostRounds; ++round) {
    std::string next = reassemble_uri(unquote(url));
    if (next == url) return url;
    url = std::move(next);
  }
  refuse();  // where MLflow fails
}

std::string escape_control_characters(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 31 && byte != 127) {
      out += c;
    } else {
      out += '%';
      out += kDigits[byte >> 4U];
      out += kDigits[byte & 0xFU];
    }
  }
  return out;
}

bool has_parent_segment(std::string_view path) {
  while (true) {
    const std::size_t slash = path.find('/');
    if (path.substr(0, slash) == "..") return true;
    if (slash == std::string_view::npos) return false;
    path.remove_prefix(slash + 1);
  }
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// PureWindowsPath(path).is_absolute(): C:\x, \\server\share.
bool is_absolute_on_windows(std::string_view path) {
  std::string text(path);
  for (char& c : text) c = c == '/' ? '\\' : c;
  std::string_view rest = text;
  if (rest.starts_with("\\\\?\\")) rest.remove_prefix(4);
  if (rest.size() > 2 && is_letter(rest[0]) && rest[1] == ':' && rest[2] == '\\') return true;
  if (!rest.starts_with("\\\\") || rest.size() < 3 || rest[2] == '\\') return false;
  const std::size_t server_end = rest.find('\\', 2);
  return server_end != std::string_view::npos && rest.find('\\', server_end + 1) != server_end + 1;
}

}  // namespace

std::string checked_artifact_path(std::string_view path) {
  std::string checked = escape_control_characters(decode(path));
  if (checked.find('#') != std::string::npos) refuse();
  if (split_uri(checked).scheme == "file") checked = local_path(checked);
  if (has_parent_segment(checked) || checked.starts_with('/') || is_absolute_on_windows(checked))
    refuse();
  return checked;
}

std::string path_below_root(std::string_view checked_path) {
  const std::string normal = normalize_path(checked_path);
  if (normal.starts_with('/') || has_parent_segment(normal) ||
      normal.find('\0') != std::string::npos) {
    refuse();
  }
  return normal == "." ? "" : normal;
}

bool keeps_its_name(std::string_view path) { return unquote(path) == path; }

void require_own_name(std::string_view path) {
  if (keeps_its_name(path)) return;
  throw_invalid_parameter("Invalid path: '" + std::string(path) + "' would be taken for '" +
                          checked_artifact_path(path) +
                          "', another file, because artifact paths are decoded twice. Use a name "
                          "without percent signs before two hexadecimal digits.");
}

void require_storable_path(std::string_view checked_path) {
  const std::size_t slash = checked_path.rfind('/');
  const std::string_view name =
      slash == std::string_view::npos ? checked_path : checked_path.substr(slash + 1);
  if (slash != std::string_view::npos) {
    std::string_view folder = checked_path.substr(0, slash);
    while (folder.ends_with('/')) folder.remove_suffix(1);
    const std::string normal = normalize_path(folder);
    if (normal != folder || normal == "." || normal.starts_with("..")) {
      throw_invalid_parameter(
          "Invalid artifact path: '" + std::string(folder) +
          "'. Names may be treated as files in certain cases, and must not resolve to other names"
          " when treated as such. This name would resolve to '" +
          normal + "'");
    }
  }
  if (name == ".") throw_invalid_parameter("Invalid path: it names a folder");
  if (name.starts_with(kUploadPrefix)) {
    throw_invalid_parameter("Invalid artifact file name: '" + std::string(name) +
                            "'. Artifact names starting with '" + std::string(kUploadPrefix) +
                            "' are reserved.");
  }
}

}  // namespace millrace
