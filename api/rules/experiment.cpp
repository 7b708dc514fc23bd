#include "api/rules/experiment.h"

#include <algorithm>

#include "api/json/reader.h"
#include "api/rules/host_policy.h"
#include "api/rules/validate.h"
#include "artifacts/location.h"
#include "store/common/error.h"
#include "store/text/percent_decoding.h"
#include "store/text/python_text.h"
#include "store/text/uri.h"

namespace millrace {
namespace {

constexpr std::size_t kMaximumName = 500;
constexpr std::size_t kMaximumExperimentTagKey = 250;
constexpr std::size_t kMaximumExperimentTagValue = 20'000;
constexpr std::size_t kMaximumDuration = 32;
constexpr std::ptrdiff_t kMaximumCustomViews = 50;

void validate_location_length(std::string_view location, const Config& config) {
  const std::size_t limit = config.artifact_location_max_length;
  if (location.size() <= limit || python::length(location) <= limit) return;
  throw_invalid_parameter(
      "Invalid artifact path length. The length of the artifact path cannot be greater than " +
      std::to_string(limit) +
      " characters. To configure this limit, please set the MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH "
      "environment variable.");
}

// [1-9][0-9]*[mhd]
bool is_duration(std::string_view text) {
  if (text.size() < 2 || text.front() == '0') return false;
  const std::string_view digits = text.substr(0, text.size() - 1);
  return digits.find_first_not_of("0123456789") == std::string_view::npos &&
         std::string_view("mhd").find(text.back()) != std::string_view::npos;
}

// _validate_trace_archival_retention_string.
void validate_duration(const Json* value) {
  std::string_view text;
  if (value != nullptr && value->is_string()) {
    text = python::strip(value->get_ref<const std::string&>());
    if (python::length(text) > kMaximumDuration) {
      throw_invalid_parameter("Trace archival duration must be at most 32 characters.");
    }
  }
  if (is_duration(text)) return;
  throw_invalid_parameter(
      "Trace archival retention must be in the form `<int><unit>`, where unit is one of 'm', 'h', "
      "or 'd'.");
}

const Json* member(const Json& object, std::string_view name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

Json archival_config(std::string_view text) {
  std::optional<Json> config = parse_json_text(text);
  if (config && config->is_object()) return *std::move(config);
  throw_invalid_parameter("Trace archival config must be encoded as a JSON object.");
}

// _validate_trace_experiment_tag.
void validate_trace_tag(const Tag& tag) {
  if (tag.key == "mlflow.trace.archivalRetention") {
    const Json config = archival_config(tag.value);
    const Json* type = member(config, "type");
    if (type == nullptr || *type != "duration") {
      throw_invalid_parameter("Trace archival config must use type 'duration'.");
    }
    validate_duration(member(config, "value"));
  } else if (tag.key == "mlflow.trace.archiveNow") {
    const Json config = archival_config(tag.value);
    const Json* age = member(config, "older_than");
    if (age != nullptr) validate_duration(age);
  }
}

std::ptrdiff_t count_custom_views(const std::vector<Tag>& tags) {
  return std::count_if(tags.begin(), tags.end(),
                       [](const Tag& tag) { return is_custom_view(tag.key); });
}

[[noreturn]] void refuse_custom_view(const std::string& where) {
  throw_invalid_parameter("Unable to create another custom view" + where +
                          "; the maximum number of custom views per experiment is 50. Delete an "
                          "existing custom view before creating a new one.");
}

}  // namespace

void validate_experiment_name(std::string_view name) {
  if (name.empty()) throw_invalid_parameter("Invalid experiment name: ''");
  validate_length("name", kMaximumName, name);
}

void validate_artifact_location(const std::string& location, const Config& config) {
  const UriParts parts = split_uri(location);
  if (!parts.fragment.empty() || parts.path_without_params().size() != parts.path.size()) {
    throw_invalid_parameter("'artifact_location' URL can't include fragments or params.");
  }
  if (unquote_fully(parts.query, Plus::Kept).find("..") != std::string::npos) {
    throw_invalid_parameter("Invalid query string");
  }
  validate_uri_host(location, "artifact_location",
                    {config.allowed_host_addressed_artifact_schemes,
                     {config.default_artifact_root, config.artifacts_destination}});
  if (location.starts_with("runs:")) {
    throw_invalid_parameter("Artifact location cannot be a runs:/ URI. Given: '" + location + "'");
  }
  validate_location_length(location, config);
}

std::string resolve_artifact_location(const std::string& location, const Config& config) {
  std::string resolved = is_local_uri(location) ? resolve_if_local(location) : location;
  validate_location_length(resolved, config);
  return resolved;
}

void validate_experiment_tag(const Tag& tag) {
  validate_tag_key(tag.key);
  validate_length("key", kMaximumExperimentTagKey, tag.key);
  validate_length("value", kMaximumExperimentTagValue, tag.value);
  validate_trace_tag(tag);
}

bool is_custom_view(std::string_view key) { return key.starts_with("mlflow.customView.view"); }

void validate_custom_views(const std::vector<Tag>& tags) {
  if (count_custom_views(tags) > kMaximumCustomViews) refuse_custom_view("");
}

void validate_new_custom_view(std::string_view key, const std::vector<Tag>& tags,
                              std::string_view experiment_id) {
  const bool known =
      std::any_of(tags.begin(), tags.end(), [&](const Tag& tag) { return tag.key == key; });
  if (!known && count_custom_views(tags) >= kMaximumCustomViews) {
    refuse_custom_view(" for experiment " + std::string(experiment_id));
  }
}

}  // namespace millrace
