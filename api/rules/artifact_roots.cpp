#include "api/rules/artifact_roots.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>

#include "artifacts/local_store.h"
#include "artifacts/path_rules.h"
#include "artifacts/real_path.h"
#include "store/common/error.h"
#include "store/text/log_text.h"
#include "store/text/uri.h"

namespace millrace {
namespace {

constexpr std::string_view kProxyRoute = "/api/2.0/mlflow-artifacts/artifacts/";

std::optional<std::string> local_folder(const std::string& uri) {
  return is_local_uri(uri) ? resolve_path(local_path(uri)) : std::nullopt;
}

std::string_view without_leading_slashes(std::string_view path) {
  path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
  return path;
}

[[noreturn]] void throw_not_readable(const std::string& uri) {
  throw Error(ErrorCode::NotImplemented,
              "This server cannot read artifacts at '" + uri +
                  "': only its own proxy and folders of its machine are supported.");
}

}  // namespace

std::string ArtifactPlace::join(std::string_view path) const {
  if (folder.empty()) return std::string(path);
  return folder + (folder.ends_with('/') ? "" : "/") + std::string(path);
}

ArtifactRoots::ArtifactRoots(const Config& config)
    : serve_artifacts_(config.serve_artifacts), destination_uri_(config.artifacts_destination) {
  if (auto folder = local_folder(config.artifacts_destination)) {
    roots_.push_back(*folder);
    destination_folder_ = *folder;
    if (serve_artifacts_ && uri_scheme(config.default_artifact_root) == "mlflow-artifacts")
      folder_of_new_ = *folder;
    destination_ = std::make_shared<LocalStore>(std::move(*folder));
  }
  if (auto folder = local_folder(config.default_artifact_root)) roots_.push_back(*folder);
  for (const std::string& root : config.artifact_roots) {
    const auto folder = local_folder(root);
    if (!folder) {
      throw_invalid_parameter("--allowed-artifact-root: '" + root +
                              "' is no folder of this machine.");
    }
    roots_.push_back(*folder);
  }
}

ArtifactPlace ArtifactRoots::destination() const {
  if (destination_ == nullptr) {
    throw Error(ErrorCode::NotImplemented, "This server cannot store artifacts at '" +
                                               destination_uri_ +
                                               "': only folders of its machine are supported.");
  }
  return {destination_, ""};
}

void ArtifactRoots::remove_stale_uploads(const std::stop_token& stop) const {
  for (const std::string& root : roots_) {
    const StaleUploads found = LocalStore(root).remove_stale_uploads(stop);
    if (found.removed > 0)
      spdlog::info("Removed {} interrupted uploads below {}", found.removed, log_text(root));
    if (!found.failure.empty())
      spdlog::warn("Interrupted uploads below {} are left: {}", log_text(root), found.failure);
  }
}

bool is_proxy_uri(std::string_view uri) {
  const std::string scheme = split_uri(uri).scheme;
  return scheme == "mlflow-artifacts" || scheme == "http" || scheme == "https";
}

std::string proxied_path(const std::string& uri) {
  const UriParts parts = split_uri(uri);
  std::string_view path = parts.path_without_params();
  if (parts.scheme != "mlflow-artifacts") {
    const std::size_t route = path.find(kProxyRoute);
    if (route == std::string_view::npos) {
      throw_invalid_parameter("The artifact location '" + uri +
                              "' is no address of an artifact proxy.");
    }
    path.remove_prefix(route + kProxyRoute.size());
  }
  return std::string(without_leading_slashes(path));
}

bool ArtifactRoots::is_proxied(std::string_view uri) const {
  return serve_artifacts_ && is_proxy_uri(uri);
}

const std::string* ArtifactRoots::holder(const std::optional<std::string>& folder) const {
  const auto holds = [&](const std::string& root) { return is_within(*folder, root); };
  const auto root = folder ? std::find_if(roots_.begin(), roots_.end(), holds) : roots_.end();
  return root == roots_.end() ? nullptr : &*root;
}

bool ArtifactRoots::is_outside(const std::string& uri) const try {
  return !is_proxied(uri) && is_local_uri(uri) && holder(resolve_path(local_path(uri))) == nullptr;
} catch (const Error&) {
  return false;  // no URI, or of another machine
}

const std::string& ArtifactRoots::root_holding(const std::optional<std::string>& folder,
                                               const std::string& uri) const {
  if (const std::string* root = holder(folder)) return *root;
  throw_invalid_parameter(
      "The artifact location '" + uri +
      "' is outside the artifact roots of this server. The administrator may allow it with"
      " --allowed-artifact-root.");
}

std::string ArtifactRoots::root_of(const std::string& uri) const {
  if (is_proxied(uri)) {
    destination();
    return destination_folder_;
  }
  if (!is_local_uri(uri)) throw_not_readable(uri);
  return root_holding(resolve_path(local_path(uri)), uri);
}

ArtifactPlace ArtifactRoots::find(const std::string& uri) const {
  if (is_proxied(uri)) {
    ArtifactPlace place = destination();
    place.folder = proxied_path(uri);
    return place;
  }
  if (!is_local_uri(uri)) throw_not_readable(uri);
  const std::optional<std::string> folder = resolve_path(local_path(uri));
  const std::string& root = root_holding(folder, uri);
  // From the root down again, by the kernel: what was a folder may be a link by now.
  const std::string_view below = std::string_view(*folder).substr(root.size());
  return {std::make_shared<LocalStore>(root, std::string(without_leading_slashes(below))), ""};
}

}  // namespace millrace
