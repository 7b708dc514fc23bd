// The few rows of the tracking tables that the registry needs: runs and logged models behind a
// version's source.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "store/db/work.h"
#include "store/records/tracking.h"
#include "store/tracking/stored_json.h"

namespace millrace::tracking {

// get_run, or nothing where MLflow raises RESOURCE_DOES_NOT_EXIST.
std::optional<SourceRun> find_source_run(Work& work, const std::string& run_id);

// get_logged_model, or nothing where MLflow raises RESOURCE_DOES_NOT_EXIST; deleted models are
// not found.
std::optional<SourceLoggedModel> find_source_logged_model(Work& work, const std::string& model_id);

// set_model_versions_tags, in steps, so that a long list is parsed outside of any transaction:
// reads the tag mlflow.modelVersions of a logged model ("" without one) ...
std::string get_model_versions_tag(Work& work, const std::string& model_id);
// ... tells whether it is still what the list was made of, and if so keeps it that way until the
// end of the work ...
bool hold_model_versions(Work& work, const ModelVersionList& list);
// ... and then, in the same unit of work, writes the list with the version added. All three throw
// RESOURCE_DOES_NOT_EXIST "Logged model with ID '...' not found."
void add_model_version(Work& work, const ModelVersionList& list, std::int64_t version);

}  // namespace millrace::tracking
