// What model-versions/create checks and resolves between its schema and its INSERT: which sources a
// version may have, and what is stored of them (handlers._create_model_version and the head of
// SqlAlchemyStore.create_model_version).
//
// Where this differs from MLflow on purpose: only sources that are local are resolved on this
// machine's disk, so "s3://b/bin/x" is accepted although /bin is a symbolic link; and what MLflow
// answers with an HTML 500 is an INVALID_PARAMETER_VALUE.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/rules/host_policy.h"
#include "api/rules/source_lookup.h"
#include "store/records/registry.h"

namespace re2 {
class RE2;
}

namespace millrace {

// The fields of the request, as decoded.
struct SourceRequest {
  std::string name;
  std::string source;
  std::optional<std::string> run_id;  // absent differs from ""
  std::string model_id;
  std::vector<Tag> tags;
};

// What to store of it. An empty optional is NULL.
struct AcceptedSource {
  std::string source;
  std::string storage_location;
  std::optional<std::string> run_id;
  // The logged model that must be told of the new version (set_model_versions_tags); empty: none.
  std::string linked_model_id;
};

class SourceRules {
 public:
  // `pattern`, if not empty, must match somewhere in every source
  // (MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX, RE2 syntax). Throws
  // INVALID_PARAMETER_VALUE when RE2 does not take it.
  SourceRules(HostPolicy hosts, const std::string& pattern);
  ~SourceRules();

  // Checks in MLflow's order: source, then model name and tags, then what the source stands for.
  // Thread-safe. Throws Error with MLflow's code and text.
  AcceptedSource check(const SourceRequest& request, SourceLookup& stores) const;

 private:
  HostPolicy hosts_;
  std::unique_ptr<const re2::RE2> pattern_;
};

}  // namespace millrace
