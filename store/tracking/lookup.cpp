#include "store/tracking/lookup.h"

#include "store/common/error.h"
#include "store/db/dialect.h"
#include "store/tracking/logged_model_rows.h"

namespace millrace::tracking {
namespace {

// Of a model that is not deleted.
std::int64_t experiment_of(Work& work, const std::string& model_id) {
  const auto model = work.first<std::int64_t>(
      "SELECT experiment_id FROM logged_models"
      " WHERE model_id = :model_id AND lifecycle_stage <> 'deleted'",
      {model_id});
  if (!model) logged_models::throw_no_model(model_id);
  return std::get<0>(*model);
}

std::optional<std::string> versions_tag(Work& work, const std::string& model_id,
                                        std::string_view lock) {
  auto tag = work.first<std::string>(
      "SELECT tag_value FROM logged_model_tags WHERE model_id = :model_id AND tag_key = :key" +
          std::string(lock),
      {model_id, kModelVersionsTag});
  return tag ? std::optional(std::get<0>(std::move(*tag))) : std::nullopt;
}

}  // namespace

std::optional<SourceRun> find_source_run(Work& work, const std::string& run_id) {
  auto row = work.first<std::optional<std::string>, std::optional<std::string>>(
      "SELECT artifact_uri, lifecycle_stage FROM runs WHERE run_uuid = :run_id", {run_id});
  if (!row) return std::nullopt;
  return SourceRun{.artifact_uri = std::get<0>(std::move(*row)),
                   .lifecycle_stage = std::get<1>(std::move(*row)).value_or("")};
}

std::optional<SourceLoggedModel> find_source_logged_model(Work& work, const std::string& model_id) {
  auto row = work.first<std::string, std::optional<std::string>>(
      "SELECT artifact_location, source_run_id FROM logged_models"
      " WHERE model_id = :model_id AND lifecycle_stage <> 'deleted'",
      {model_id});
  if (!row) return std::nullopt;
  return SourceLoggedModel{.artifact_location = std::get<0>(std::move(*row)),
                           .source_run_id = std::get<1>(std::move(*row))};
}

std::string get_model_versions_tag(Work& work, const std::string& model_id) {
  experiment_of(work, model_id);
  return versions_tag(work, model_id, "").value_or("");
}

bool hold_model_versions(Work& work, const ModelVersionList& list) {
  const std::string& model_id = list.model_id();
  const std::int64_t experiment_id = experiment_of(work, model_id);
  const auto tag = versions_tag(work, model_id, row_lock(work.dialect()));
  if (tag.value_or("") != list.text()) return false;
  if (!tag) {
    // There is to be a row that can be held. Where another one is first this is an unexpected
    // violation, and the body runs again.
    work.execute(insert("logged_model_tags", {"model_id", "experiment_id", "tag_key", "tag_value"}),
                 {model_id, experiment_id, kModelVersionsTag, ""});
  }
  return true;
}

void add_model_version(Work& work, const ModelVersionList& list, std::int64_t version) {
  logged_models::write_tags(work, list.model_id(), experiment_of(work, list.model_id()),
                            {{kModelVersionsTag, list.with(version)}});
}

}  // namespace millrace::tracking
