// Where the artifacts lie of what gc removes, and how they are deleted: in folders of this machine,
// or, behind the artifact proxy of a running server, by asking that.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "api/commands/gc.h"
#include "api/http/http_client.h"
#include "api/rules/artifact_roots.h"
#include "api/settings/config.h"
#include "store/common/error.h"

namespace millrace {

// A location at which nothing can be deleted from here, so that "nothing is there" would say
// nothing. The message names what to give.
class UnreachableArtifacts : public Error {
 public:
  explicit UnreachableArtifacts(const std::string& message)
      : Error(ErrorCode::InvalidState, message) {}
};

class ArtifactRemoval {
 public:
  // What the proxy serves is deleted
  // - in --artifacts-destination, if that was given and is a folder that is there,
  // - else through the server of --tracking-uri, if that was given,
  // - else in the default destination.
  // Throws INVALID_PARAMETER_VALUE for a tracking URI that no request can be sent to.
  ArtifactRemoval(const Config& config, const GcOptions& options);

  // Throws UnreachableArtifacts, INVALID_PARAMETER_VALUE for a location that this program may not
  // touch, outside of all roots or no folder of its own, or INTERNAL_ERROR where the system does
  // not let it look. Asks the server once whether it serves artifacts.
  void require_reachable(const std::string& uri);

  // What lies there. Nothing: the server knows. Throws as above.
  std::optional<std::uint64_t> bytes_at(const std::string& uri);

  // Deletes what lies there; nothing there is no error. Throws as above, and Error when something
  // stays.
  void remove(const std::string& uri);

 private:
  ArtifactPlace place_of(const std::string& uri) const;
  void require_known_kind(const std::string& uri) const;
  bool is_behind_server(const std::string& uri) const;
  void require_server();

  ArtifactRoots roots_;
  std::string destination_;  // for messages
  std::unique_ptr<HttpClient> server_;
  bool has_asked_ = false;
};

}  // namespace millrace
