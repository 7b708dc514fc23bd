// Model versions and their tags: one function per operation of MLflow's registry SqlAlchemyStore,
// over the unit of work that it is a part of.
// Names, keys, stages and values arrive validated and canonical (api/rules/validate); what needs
// data is checked here.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "store/db/work.h"
#include "store/records/registry.h"
#include "store/search/registry.h"

namespace millrace::registry {

// A version to be created: source, storage_location and run_id as api/rules/model_version_source
// resolved them. MLflow stores "" (not NULL) for a run_id, run_link or description that the request
// does not have.
struct NewModelVersion {
  std::string name;
  std::string source;
  std::string storage_location;
  std::optional<std::string> run_id;
  std::optional<std::string> run_link;
  std::optional<std::string> description;
  std::vector<Tag> tags;  // a key given twice keeps its first position and takes the last value
};

// One that takes `name` and `version` throws RESOURCE_DOES_NOT_EXIST "Model Version (name=...,
// version=...) not found" for a missing model, a missing version or a deleted one. Returned
// versions carry tags and aliases unless the function says otherwise.

// create_model_version. The number is the highest of the name, deleted ones included, plus one;
// numbers are unique and without gaps under any concurrency. Stamps the model. Throws
// RESOURCE_DOES_NOT_EXIST for a missing model.
ModelVersion create_model_version(Work& work, const NewModelVersion& version);

// get_model_version.
ModelVersion get_model_version(Work& work, const std::string& name, std::int64_t version);

// get_model_version_by_alias. "latest", in any case, is the highest version over all stages.
// Throws RESOURCE_DOES_NOT_EXIST for a missing model or when "latest" finds none,
// INVALID_PARAMETER_VALUE for an unknown alias.
ModelVersion get_model_version_by_alias(Work& work, const std::string& name,
                                        const std::string& alias);

// get_latest_versions: the highest version of each of `stages` (canonical; empty means all four),
// ordered by each stage's lowest version, whatever the order of `stages`. Throws
// RESOURCE_DOES_NOT_EXIST for a missing model.
std::vector<ModelVersion> get_latest_versions(Work& work, const std::string& name,
                                              const std::vector<std::string>& stages);

// update_model_version. Stamps the version, not the model; no description is NULL, "" is kept.
ModelVersion update_model_version(Work& work, const std::string& name, std::int64_t version,
                                  const std::optional<std::string>& description);

// transition_model_version_stage. With `archive_existing_versions` every other version in `stage`
// goes to Archived in the same transaction. Stamps version, archived ones and model. That
// archiving suits `stage` is the caller's check.
ModelVersion transition_model_version_stage(Work& work, const std::string& name,
                                            std::int64_t version, const std::string& stage,
                                            bool archive_existing_versions);

// delete_model_version: the row stays with stage Deleted_Internal and redacted origin, its tags
// stay, its aliases go. Stamps version and model.
void delete_model_version(Work& work, const std::string& name, std::int64_t version);

// get_model_version_download_uri: storage_location, or source where that is empty; nothing if
// both are NULL.
std::optional<std::string> get_model_version_download_uri(Work& work, const std::string& name,
                                                          std::int64_t version);

// set_model_version_tag: inserts or replaces. Concurrent calls for one new key all succeed.
void set_model_version_tag(Work& work, const std::string& name, std::int64_t version,
                           const Tag& tag);

// delete_model_version_tag. A key that is not there is no error.
void delete_model_version_tag(Work& work, const std::string& name, std::int64_t version,
                              const std::string& key);

// search_model_versions: calls `row` for each version of the page, in the search's order and as
// the database finds them: with tags, without aliases. Returns whether another page follows.
// `max_results` is 1 or more. `row` may throw, which ends the search, and must not use a store.
// Throws what search::model_versions_query throws.
bool search_model_versions(Work& work, const search::ParsedSearch& parsed, std::int64_t max_results,
                           std::int64_t offset,
                           const std::function<void(const ModelVersion&)>& row);

}  // namespace millrace::registry
