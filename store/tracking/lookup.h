// The few rows of the tracking tables that the registry needs: runs and logged models behind a
// version's source.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "store/db/database.h"
#include "store/records/tracking.h"

namespace millrace {

class TrackingLookup {
 public:
  explicit TrackingLookup(Db& db) : db_(db) {}

  // get_run, or nothing where MLflow raises RESOURCE_DOES_NOT_EXIST.
  std::optional<SourceRun> run(const std::string& run_id);

  // get_logged_model, or nothing where MLflow raises RESOURCE_DOES_NOT_EXIST; deleted models are
  // not found.
  std::optional<SourceLoggedModel> logged_model(const std::string& model_id);

  // set_model_versions_tags: appends {"name", "version"} to the list in the logged model's tag
  // mlflow.modelVersions unless that entry is there. Throws RESOURCE_DOES_NOT_EXIST "Logged model
  // with ID '...' not found."
  void add_model_version(const std::string& model_id, const std::string& name,
                         std::int64_t version);

 private:
  Db& db_;
};

}  // namespace millrace
