// What an experiment's name, artifact location and tags may be. Each throws
// INVALID_PARAMETER_VALUE with MLflow's text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/settings/config.h"
#include "store/records/registry.h"

namespace millrace {

// _validate_experiment_name: at most 500 characters.
void validate_experiment_name(std::string_view name);

// handlers._validate_storage_location_uri for the field artifact_location: no fragment or params,
// no ".." in the query, no host of the client's choosing, no runs:/ URI, not too long.
void validate_artifact_location(const std::string& location, const Config& config);

// resolve_uri_if_local, whose result must not be too long either.
std::string resolve_artifact_location(const std::string& location, const Config& config);

// _validate_experiment_tag: keys of at most 250 and values of at most 20,000; two keys of traces
// hold a duration in JSON.
void validate_experiment_tag(const Tag& tag);

// The tags mlflow.customView.view... of the UI, of which an experiment has at most 50: for the tags
// of a new experiment, and before `key` is set on one that has `tags` already.
bool is_custom_view(std::string_view key);
void validate_custom_views(const std::vector<Tag>& tags);
void validate_new_custom_view(std::string_view key, const std::vector<Tag>& tags,
                              std::string_view experiment_id);

}  // namespace millrace
