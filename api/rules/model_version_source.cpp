#include "api/rules/model_version_source.h"

#include <re2/re2.h>

#include <algorithm>

#include "api/rules/models_uri.h"
#include "api/rules/source_containment.h"
#include "api/rules/validate.h"
#include "store/common/error.h"
#include "store/text/python_text.h"
#include "store/text/uri.h"

namespace millrace {
namespace {

constexpr std::string_view kIsPromptKey = "mlflow.prompt.is_prompt";

[[noreturn]] void throw_invalid_source(std::string_view source, std::string_view reason) {
  throw_invalid_parameter("Invalid model version source: '" + std::string(source) + "'." +
                          std::string(reason));
}

// _is_prompt_request: of a key given twice the last value counts.
bool is_prompt_request(const std::vector<Tag>& tags) {
  bool prompt = false;
  for (const Tag& tag : tags) {
    if (tag.key == kIsPromptKey) prompt = python::lower(tag.value) == "true";
  }
  return prompt;
}

// The only sources that a prompt may have. They are no place, so that the tag that makes a prompt
// cannot be used to get a path past the checks.
void validate_prompt_source(const std::string& source) {
  if (source == "dummy-source" || source == "prompt-template") return;
  throw_invalid_parameter("Invalid prompt source: '" + source +
                          "'. Prompt sources must use an MLflow placeholder.");
}

// get_model_name_and_version and the lookup behind it.
ModelVersion find_version(const ModelsUri& uri, SourceLookup& stores) {
  if (!uri.version.empty()) return stores.version(uri.name, parse_model_version(uri.version));
  if (!uri.alias.empty()) {
    validate_alias(uri.alias);
    return stores.version_by_alias(uri.name, uri.alias);
  }
  std::vector<std::string> stages;
  if (!uri.stage.empty()) stages.push_back(canonical_stage(uri.stage));
  const std::vector<ModelVersion> latest = stores.latest_versions(uri.name, stages);
  if (latest.empty()) {
    throw Error(ErrorCode::InternalError,
                "No versions of model with name '" + uri.name + "'" +
                    (uri.stage.empty() ? "" : " and stage '" + uri.stage + "'") + " found");
  }
  return *std::max_element(latest.begin(), latest.end(),
                           [](const auto& a, const auto& b) { return a.version < b.version; });
}

// _resolve_registered_model_source_lineage: the version that the source names, if it names one.
std::optional<ModelVersion> find_origin(const SourceRequest& request, SourceLookup& stores) {
  const UriParts parts = split_uri(request.source);
  if (parts.scheme != "models") return std::nullopt;
  if (!parts.netloc.empty()) {
    throw_invalid_source(request.source,
                         " Registered model sources must use the active model registry.");
  }
  const std::optional<ModelsUri> uri = parse_models_uri(request.source);
  if (!uri) throw_not_the_owners(request.source, OwnerKind::LoggedModel);
  if (!uri->model_id.empty()) return std::nullopt;
  validate_model_name(uri->name);
  if (stores.is_prompt(uri->name)) {
    throw_invalid_source(request.source,
                         " Prompt versions cannot be used as model version sources.");
  }
  ModelVersion origin = find_version(*uri, stores);
  origin.name = uri->name;  // a database that ignores case may have another spelling
  const bool other_run = request.run_id && *request.run_id != origin.run_id.value_or("");
  // No version of this store has a model_id, so one that is given never matches.
  if (other_run || !request.model_id.empty()) {
    throw_invalid_source(request.source,
                         " The run_id and model_id request parameters must match the referenced "
                         "model version.");
  }
  return origin;
}

bool is_empty(const std::optional<std::string>& text) { return !text || text->empty(); }

// The head of SqlAlchemyStore.create_model_version, for a source that names no version.
void resolve_logged_model(AcceptedSource& accepted, const std::string& model_id,
                          SourceLookup& stores) {
  accepted.storage_location = accepted.source;
  if (split_uri(accepted.source).scheme == "models") {
    const std::string id = parse_models_uri(accepted.source).value().model_id;
    const std::optional<SourceLoggedModel> model = stores.logged_model(id);
    if (!model) {
      throw Error(ErrorCode::InternalError,
                  "Unable to fetch model from model URI source artifact location '" +
                      accepted.source + "'.Error: Logged model with ID '" + id + "' not found.");
    }
    accepted.storage_location = model->artifact_location;
    if (is_empty(accepted.run_id)) accepted.run_id = model->source_run_id;
  }
  if (!is_empty(accepted.run_id) || model_id.empty()) return;
  const std::optional<SourceLoggedModel> model = stores.logged_model(model_id);
  if (!model) {
    throw Error(ErrorCode::ResourceDoesNotExist,
                "Logged model with ID '" + model_id + "' not found.");
  }
  accepted.run_id = model->source_run_id;
}

}  // namespace

SourceRules::SourceRules(HostPolicy hosts, const std::string& pattern) : hosts_(std::move(hosts)) {
  if (pattern.empty()) return;
  pattern_ = std::make_unique<const re2::RE2>(pattern, re2::RE2::Quiet);
  if (!pattern_->ok()) {
    throw_invalid_parameter("MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX: " +
                            pattern_->error());
  }
}

SourceRules::~SourceRules() = default;

AcceptedSource SourceRules::check(const SourceRequest& request, SourceLookup& stores) const {
  if (pattern_ && !re2::RE2::PartialMatch(request.source, *pattern_)) {
    throw_invalid_source(request.source, "");
  }
  const bool prompt = is_prompt_request(request.tags);
  if (prompt) validate_prompt_source(request.source);
  validate_uri_host(request.source, "source", hosts_);

  AcceptedSource accepted{request.source, "", request.run_id.value_or(""),
                          prompt ? "" : request.model_id};
  std::optional<ModelVersion> origin;
  if (!prompt) {
    origin = find_origin(request, stores);
    if (origin) {
      accepted.source = "models:/" + origin->name + "/" + std::to_string(origin->version);
      if (!request.run_id) accepted.run_id = origin->run_id;
    }
    const SourceOwner owner = request.model_id.empty()
                                  ? SourceOwner{OwnerKind::Run, accepted.run_id.value_or("")}
                                  : SourceOwner{OwnerKind::LoggedModel, request.model_id};
    validate_source_location(accepted.source, owner, stores);
  }

  validate_model_name(request.name);
  for (const Tag& tag : request.tags) validate_model_version_tag(tag.key, tag.value);

  if (origin) {
    accepted.storage_location = is_empty(origin->storage_location) ? origin->source.value_or("")
                                                                   : *origin->storage_location;
  } else {
    resolve_logged_model(accepted, request.model_id, stores);
  }
  return accepted;
}

}  // namespace millrace
