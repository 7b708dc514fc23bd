// Where the artifacts of a stored URI lie, as far as this server may touch them.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "api/settings/config.h"
#include "artifacts/artifact_store.h"

namespace millrace {

// A folder of artifacts: those of a run or a logged model, or the whole store (folder "").
struct ArtifactPlace {
  std::shared_ptr<ArtifactStore> store;
  std::string folder;

  // The path of an artifact below the folder, as MLflow joins and names it.
  std::string join(std::string_view path) const;
};

// Whether a URI is an address of an artifact proxy: mlflow-artifacts:, http: or https:.
bool is_proxy_uri(std::string_view uri);

// The path below a proxy's store that such a URI names, as it stands there: whoever asks a server
// for it lets it be decoded, and checked. The host is not looked at. Throws INVALID_PARAMETER_VALUE
// for an address of something else.
std::string proxied_path(const std::string& uri);

class ArtifactRoots {
 public:
  // Throws INVALID_PARAMETER_VALUE where an --allowed-artifact-root is no folder of this machine.
  explicit ArtifactRoots(const Config& config);

  // The store behind the mlflow-artifacts proxy.
  ArtifactPlace destination() const;

  // The folder into which this server puts the artifacts of new experiments; nothing where clients
  // put them elsewhere.
  const std::optional<std::string>& folder_of_new() const { return folder_of_new_; }

  // The place of an experiment's, run's or logged model's artifact URI
  // (_is_servable_proxied_run_artifact_root, _get_proxied_run_artifact_destination_path). Throws
  // INVALID_PARAMETER_VALUE for a local path outside the roots and for a host that this server does
  // not connect to, NOT_IMPLEMENTED for a kind of storage that it cannot read.
  ArtifactPlace find(const std::string& uri) const;

  // The folder of this machine below which find() found what lies at this URI. It need not be
  // there: nothing then tells whether it was emptied or never mounted here. Throws as find() does.
  std::string root_of(const std::string& uri) const;

  // Whether the URI is a folder of this machine that find() refuses because it lies in no root.
  bool is_outside(const std::string& uri) const;

  // Removes what interrupted uploads left below the roots (LocalStore::remove_stale_uploads), until
  // `stop` asks for an end. Throws nothing; what cannot be read is left alone.
  void remove_stale_uploads(const std::stop_token& stop) const;

  // Whether the proxy serves what lies at this URI.
  bool is_proxied(std::string_view uri) const;

 private:
  // The root that a local folder (nothing: none that can be resolved) lies in, or null.
  const std::string* holder(const std::optional<std::string>& folder) const;

  // The same; throws if none does.
  const std::string& root_holding(const std::optional<std::string>& folder,
                                  const std::string& uri) const;

  bool serve_artifacts_;
  std::shared_ptr<ArtifactStore> destination_;  // null: not on this machine
  std::string destination_uri_;
  std::string destination_folder_;  // its real path, or empty
  std::optional<std::string> folder_of_new_;
  std::vector<std::string> roots_;  // real paths
};

}  // namespace millrace
