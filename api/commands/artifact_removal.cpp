#include "api/commands/artifact_removal.h"

#include <filesystem>
#include <system_error>

#include "artifacts/path_rules.h"
#include "store/text/percent_decoding.h"
#include "store/text/uri.h"

namespace millrace {
namespace {

constexpr const char* kProxy = "/api/2.0/mlflow-artifacts/artifacts";

// `failure`: why nobody knows, if that is so.
bool is_folder(const std::string& path, std::string* failure = nullptr) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::none && failure != nullptr)
    *failure = error.message();
  return std::filesystem::is_directory(status);
}

std::string without_last_slashes(std::string uri) {
  while (uri.ends_with('/')) uri.pop_back();
  return uri;
}

// Throws where nobody can tell whether something is there. What is refused for another reason, a
// link on the way, is told of when it is to be removed.
void require_readable(const ArtifactPlace& place) try {
  place.store->kind(place.folder);
} catch (const Error& error) {
  if (error.code() == ErrorCode::InternalError) throw;
}

[[noreturn]] void throw_no_folder(const std::string& uri) {
  throw_invalid_parameter("The artifact location '" + uri + "' is no folder of its own.");
}

std::string parent_of(const std::string& given) {
  const std::string uri = without_last_slashes(given);
  const std::size_t slash = uri.rfind('/');
  if (slash == std::string::npos) throw_no_folder(uri);
  return uri.substr(0, slash);
}

// The path below the proxy's store, decoded as a server decodes what it is asked for.
std::string path_below_proxy(const std::string& uri) {
  const std::string checked = checked_artifact_path(proxied_path(uri));
  std::string path = path_below_root(checked);
  if (path.empty() || checked.ends_with("/.")) throw_no_folder(uri);
  return path;
}

std::uint64_t bytes_below(ArtifactStore& store, const std::string& folder) {
  std::uint64_t bytes = 0;
  for (const ArtifactEntry& entry : store.list(folder)) {
    bytes += entry.is_directory ? bytes_below(store, folder + "/" + entry.name) : entry.size;
  }
  return bytes;
}

}  // namespace

ArtifactRemoval::ArtifactRemoval(const Config& config, const GcOptions& options)
    : roots_(config), destination_(config.artifacts_destination) {
  const bool here = options.destination_given && is_local_uri(destination_) &&
                    is_folder(local_path(destination_));
  if (!here && !options.server.url.empty()) server_ = std::make_unique<HttpClient>(options.server);
}

bool ArtifactRemoval::is_behind_server(const std::string& uri) const {
  return server_ != nullptr && is_proxy_uri(uri);
}

// The folder of a run or logged model, seen from the folder that it lies in, so that it can be
// removed itself.
ArtifactPlace ArtifactRemoval::place_of(const std::string& given) const {
  const std::string uri = without_last_slashes(given);
  if (roots_.is_proxied(uri)) return {roots_.destination().store, path_below_proxy(uri)};
  if (!is_local_uri(uri)) return roots_.find(uri);  // which says why not
  const std::string path = local_path(uri);
  const std::string name = path.substr(path.rfind('/') + 1);
  if (name.empty() || name == "." || name == "..") throw_no_folder(uri);
  ArtifactPlace parent = roots_.find(parent_of(uri));
  parent.folder = path_below_root(parent.join(name));
  return parent;
}

void ArtifactRemoval::require_server() {
  if (has_asked_) return;
  const std::string& url = server_->shown_url();
  // A folder that is not there: the answer is short, and says that artifacts are served, and to us.
  int status = 0;
  try {
    status = server_->get(std::string(kProxy) + "?path=millrace-gc");
  } catch (const Error& error) {
    throw UnreachableArtifacts(error.message() +
                               " Give --tracking-uri the server's URL, or --artifacts-destination "
                               "the folder behind it.");
  }
  if (status != 200) {
    throw UnreachableArtifacts(
        "The server " + url + " does not serve artifacts to this program (status " +
        std::to_string(status) +
        "). Give --tracking-uri the URL of a server that does (MLFLOW_TRACKING_USERNAME and "
        "MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, if it asks who you are), or "
        "--artifacts-destination the folder behind it.");
  }
  has_asked_ = true;
}

// Another place than a folder of this machine or the store behind a proxy.
void ArtifactRemoval::require_known_kind(const std::string& uri) const {
  bool known = is_proxy_uri(uri) || is_local_uri(uri);
  if (known && is_proxy_uri(uri)) {
    try {
      proxied_path(uri);
    } catch (const Error&) {
      known = false;
    }
  }
  if (known) return;
  throw UnreachableArtifacts(
      "The artifacts at '" + uri +
      "' cannot be deleted from here: only folders of this machine (--artifacts-destination, "
      "--allowed-artifact-root) and what a server has (--tracking-uri) are supported. Use 'mlflow "
      "gc' for them, and name what else is to go with --run-ids, --experiment-ids and "
      "--logged-model-ids.");
}

void ArtifactRemoval::require_reachable(const std::string& uri) {
  require_known_kind(uri);
  if (is_behind_server(uri)) {
    path_below_proxy(without_last_slashes(uri));
    return require_server();
  }
  const bool proxied = roots_.is_proxied(uri);
  constexpr const char* kAdvice =
      "Give --artifacts-destination the folder that the server has, or --tracking-uri the server's "
      "URL to delete them through it.";
  if (proxied && !is_local_uri(destination_)) {
    throw UnreachableArtifacts("The artifacts at '" + uri + "' lie in '" + destination_ +
                               "', which is no folder of this machine. " + kAdvice);
  }
  const ArtifactPlace place = place_of(uri);
  const std::string root = roots_.root_of(proxied ? uri : parent_of(uri));
  std::string failure;
  if (is_folder(root, &failure)) return require_readable(place);
  const std::string below =
      "The artifacts at '" + uri + "' lie below the folder '" + root + "', which ";
  if (!failure.empty())
    throw UnreachableArtifacts(below + "cannot be looked into: " + failure + ".");
  throw UnreachableArtifacts(below + "is not here. " +
                             (proxied ? kAdvice : "Run gc where that folder is."));
}

std::optional<std::uint64_t> ArtifactRemoval::bytes_at(const std::string& uri) {
  require_reachable(uri);
  if (is_behind_server(uri)) return std::nullopt;
  const ArtifactPlace place = place_of(uri);
  return bytes_below(*place.store, place.folder);
}

void ArtifactRemoval::remove(const std::string& uri) {
  require_reachable(uri);
  if (!is_behind_server(uri)) {
    const ArtifactPlace place = place_of(uri);
    return place.store->remove(place.folder);
  }
  // With a slash at the end, as the stock client asks, and control characters, of which the path
  // has the escapes, as they are: a server refuses a path that it would decode again.
  const std::string path = unquote(path_below_proxy(without_last_slashes(uri)));
  const int status = server_->remove(std::string(kProxy) + "/" + quote(path, "/-_.~") + "/");
  if (status == 404 || (status >= 200 && status < 300)) return;
  throw Error(ErrorCode::InternalError, "the server " + server_->shown_url() +
                                            " answered the deletion with status " +
                                            std::to_string(status) + ".");
}

}  // namespace millrace
