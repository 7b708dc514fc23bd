#include "store/tracking/lookup.h"

#include "store/common/error.h"
#include "store/tracking/logged_model_rows.h"
#include "store/tracking/stored_json.h"

namespace millrace {
namespace {

constexpr const char* kVersionsTag = "mlflow.modelVersions";

}  // namespace

std::optional<SourceRun> TrackingLookup::run(const std::string& run_id) {
  return db_.read([&](Session& session) -> std::optional<SourceRun> {
    auto row = session.first<std::optional<std::string>, std::optional<std::string>>(
        "SELECT artifact_uri, lifecycle_stage FROM runs WHERE run_uuid = :run_id", {run_id});
    if (!row) return std::nullopt;
    return SourceRun{.artifact_uri = std::get<0>(std::move(*row)),
                     .lifecycle_stage = std::get<1>(std::move(*row)).value_or("")};
  });
}

std::optional<SourceLoggedModel> TrackingLookup::logged_model(const std::string& model_id) {
  return db_.read([&](Session& session) -> std::optional<SourceLoggedModel> {
    auto row = session.first<std::string, std::optional<std::string>>(
        "SELECT artifact_location, source_run_id FROM logged_models"
        " WHERE model_id = :model_id AND lifecycle_stage <> 'deleted'",
        {model_id});
    if (!row) return std::nullopt;
    return SourceLoggedModel{.artifact_location = std::get<0>(std::move(*row)),
                             .source_run_id = std::get<1>(std::move(*row))};
  });
}

void TrackingLookup::add_model_version(const std::string& model_id, const std::string& name,
                                       std::int64_t version) {
  const Dialect dialect = db_.dialect();
  db_.write([&](Session& session) {
    // Locked, so that concurrent versions of one logged model all stay in the list.
    const auto model = session.first<std::int64_t>(
        "SELECT experiment_id FROM logged_models"
        " WHERE model_id = :model_id AND lifecycle_stage <> 'deleted'" +
            std::string(row_lock(dialect)),
        {model_id});
    if (!model) logged_models::throw_no_model(model_id);
    const auto tag = session.first<std::string>(
        "SELECT tag_value FROM logged_model_tags WHERE model_id = :model_id AND tag_key = :key",
        {model_id, kVersionsTag});
    const auto list = millrace::add_model_version(tag ? std::get<0>(*tag) : "", name, version);
    if (!list) {
      throw_invalid_parameter("The tag '" + std::string(kVersionsTag) + "' of the logged model '" +
                              model_id + "' is not a JSON list.");
    }
    logged_models::write_tag(session, dialect, model_id, std::get<0>(*model),
                             {kVersionsTag, *list});
  });
}

}  // namespace millrace
