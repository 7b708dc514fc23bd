#include "api/rules/source_containment.h"

#include <algorithm>
#include <array>
#include <optional>

#include "api/rules/models_uri.h"
#include "artifacts/real_path.h"
#include "store/common/error.h"
#include "store/text/percent_decoding.h"
#include "store/text/posix_path.h"
#include "store/text/python_text.h"
#include "store/text/uri.h"

namespace millrace {
namespace {

std::string_view parameter_of(OwnerKind kind) {
  return kind == OwnerKind::Run ? "run_id" : "model_id";
}

// Where the owner keeps its artifacts; nothing when that is not recorded.
std::optional<std::string> artifact_root(const std::string& source, const SourceOwner& owner,
                                         SourceLookup& stores) {
  if (owner.kind == OwnerKind::Run) {
    if (const auto run = stores.run(owner.id)) return run->artifact_uri;
  } else if (const auto model = stores.logged_model(owner.id)) {
    return model->artifact_location;
  }
  throw_not_the_owners(source, owner.kind);
}

[[noreturn]] void throw_not_contained(std::string_view path, OwnerKind kind) {
  const std::string parameter(parameter_of(kind));
  throw_invalid_parameter("Invalid model version source: '" + std::string(path) +
                          "'. To use a local path as a model version source, the " + parameter +
                          " request parameter has to be specified and the local path has to be "
                          "contained within the artifact directory of the run specified by the " +
                          parameter + ".");
}

void validate_local_source(const std::string& source, const SourceOwner& owner,
                           SourceLookup& stores) {
  if (owner.id.empty()) throw_not_contained(source, owner.kind);
  const std::optional<std::string> root = artifact_root(source, owner, stores);
  const std::string given = local_path(source);
  const std::optional<std::string> path = resolve_path(given);
  if (!path) throw_not_contained(source, owner.kind);
  if (root && is_local_uri(*root)) {
    const std::optional<std::string> folder = resolve_path(local_path(*root));
    if (folder && is_within(*path, *folder)) return;
  }
  // MLflow quotes the resolved path, which tells where the links of this machine lead.
  throw_not_contained(*path == path_without_links(given) ? *path : source, owner.kind);
}

bool goes_up(std::string_view path) {
  while (const auto name = take_name(path)) {
    if (*name == "..") return true;
  }
  return false;
}

// _validate_non_local_source_contains_relative_paths. MLflow compares the path with what it
// resolves to on the server's disk; for a path that does not lie there only the text can matter.
void validate_absolute(std::string_view source) {
  const std::string decoded = unquote_fully(source, Plus::IsSpace);
  const UriParts parts = split_uri(decoded);
  std::string path(parts.path_without_params());
  path.resize(path.find_last_not_of('/') + 1);
  const auto repeated =
      std::unique(path.begin(), path.end(), [](char a, char b) { return a == '/' && b == '/'; });
  path.erase(repeated, path.end());
  if (path.starts_with('/') && path == normalize_path(path) && !goes_up(decoded) &&
      path.find('\0') == std::string::npos) {
    return;
  }
  throw_invalid_parameter(
      "Invalid model version source: '" + std::string(source) +
      "'. If supplying a source as an http, https, local file path, ftp, objectstore, or "
      "mlflow-artifacts uri, an absolute path must be provided without relative path references "
      "present. Please provide an absolute path.");
}

// _normalized_uri_parts.
struct Location {
  std::string scheme;
  std::string netloc;
  std::string path;
};

Location location_of(std::string_view uri) {
  UriParts parts = split_uri(uri);
  return {std::move(parts.scheme), python::lower(parts.netloc), std::move(parts.path)};
}

// Takes the first name off the path, decoded until nothing changes.
std::optional<std::string> take_decoded_name(std::string_view& path) {
  const auto name = take_name(path);
  return name ? std::optional(unquote_fully(*name, Plus::Kept)) : std::nullopt;
}

// _is_mlflow_artifact_source: a URI of this server's artifact proxy, or of one like it.
bool is_artifact_proxy(const Location& location) {
  static constexpr std::array<std::string_view, 4> kRoute{"api", "2.0", "mlflow-artifacts",
                                                          "artifacts"};
  if (location.scheme == "mlflow-artifacts") return true;
  if (location.scheme != "http" && location.scheme != "https") return false;
  std::size_t found = 0;
  std::string_view path = location.path;
  while (const auto name = take_decoded_name(path)) {
    if (*name != kRoute[found]) found = 0;  // its names differ, so that it can begin anew here only
    if (*name == kRoute[found] && ++found == kRoute.size()) return true;
  }
  return false;
}

// _is_uri_within_root.
bool is_below(const Location& location, const Location& root) {
  if (location.scheme != root.scheme || location.netloc != root.netloc) return false;
  std::string_view names = location.path;
  std::string_view wanted = root.path;
  bool any = false;
  while (const auto name = take_decoded_name(wanted)) {
    if (take_decoded_name(names) != name) return false;
    any = true;
  }
  return any;
}

// RunsArtifactRepository.parse_runs_uri.
std::string_view run_of(std::string_view source, std::string_view path) {
  const std::string_view run =
      path.starts_with('/') ? path.substr(1, path.find('/', 1) - 1) : std::string_view{};
  if (!run.empty()) return run;
  throw Error(ErrorCode::InternalError,
              "Not a proper runs:/ URI: " + std::string(source) +
                  ". Runs URIs must be of the form 'runs:/<run_id>/run-relative/path/to/artifact'");
}

void validate_runs_source(const std::string& source, const UriParts& parts,
                          const SourceOwner& owner) {
  if (owner.kind == OwnerKind::Run && parts.netloc.empty() &&
      run_of(source, parts.path) == owner.id) {
    return;
  }
  throw_not_the_owners(source, owner.kind);
}

void validate_models_source(const std::string& source, const UriParts& parts,
                            const SourceOwner& owner) {
  const std::optional<ModelsUri> uri = parse_models_uri(source);
  if (parts.netloc.empty() && uri) {
    if (uri->model_id.empty()) return;
    if (owner.kind == OwnerKind::LoggedModel && uri->model_id == owner.id) return;
  }
  throw_not_the_owners(source, OwnerKind::LoggedModel);
}

}  // namespace

void throw_not_the_owners(std::string_view source, OwnerKind kind) {
  throw_invalid_parameter("Invalid model version source: '" + std::string(source) + "'. The " +
                          std::string(parameter_of(kind)) +
                          " request parameter must identify the resource that contains the "
                          "source.");
}

void validate_source_location(const std::string& source, const SourceOwner& owner,
                              SourceLookup& stores) {
  if (is_local_uri(source)) return validate_local_source(source, owner, stores);
  validate_absolute(source);
  const UriParts parts = split_uri(source);
  if (parts.scheme == "runs") return validate_runs_source(source, parts, owner);
  if (parts.scheme == "models") return validate_models_source(source, parts, owner);
  const Location location = location_of(source);
  if (!is_artifact_proxy(location)) return;
  if (!owner.id.empty()) {
    const std::optional<std::string> root = artifact_root(source, owner, stores);
    if (root && is_below(location, location_of(*root))) return;
  }
  throw_not_the_owners(source, owner.kind);
}

}  // namespace millrace
