// Handlers of model versions (registry.md sections 9 and 10).
#include <array>

#include "api/app.h"
#include "api/entity_json.h"
#include "api/handlers/registry_params.h"
#include "api/model_version_source.h"
#include "api/reply.h"
#include "api/request.h"
#include "api/validate.h"
#include "store/common/error.h"

namespace millrace::handlers {
namespace {

HttpResponse model_version_reply(const ModelVersion& version) {
  std::string body;
  JsonWriter writer(body, Layout::Pretty);
  writer.begin_object();
  writer.key("model_version");
  write_json(writer, version);
  writer.end_object();
  return json_reply(std::move(body));
}

// DEFAULT_STAGES_FOR_GET_LATEST_VERSIONS are the stages that archiving may clear.
bool is_active_stage(const std::string& stage) {
  return stage == "Staging" || stage == "Production";
}

}  // namespace

HttpResponse create_model_version(App& app, const Request& request) {
  static constexpr std::array kParams{Param{"name", Kind::String, true},
                                      Param{"source", Kind::String, true},
                                      Param{"run_id"},
                                      Param{"tags", Kind::Messages, false, kTagParams},
                                      Param{"run_link"},
                                      Param{"description"},
                                      Param{"model_id"}};
  const Message message = request.decode(kParams);
  const SourceRequest source{message.text("name"), message.text("source"),
                             message.optional_text("run_id"), message.text("model_id"),
                             tags_of(message)};
  StoreLookup lookup(app.registered_models, app.model_versions, app.tracking);
  const AcceptedSource accepted = app.source_rules.check(source, lookup);
  const ModelVersion version = app.model_versions.create(
      {source.name, accepted.source, accepted.storage_location, accepted.run_id,
       message.text("run_link"), message.text("description"), source.tags});
  if (!accepted.linked_model_id.empty()) {
    app.tracking.add_model_version(accepted.linked_model_id, version.name, version.version);
  }
  return model_version_reply(version);
}

HttpResponse get_model_version(App& app, const Request& request) {
  static constexpr std::array kParams{Param{"name", Kind::String, true},
                                      Param{"version", Kind::String, true}};
  const Message message = request.decode(kParams);
  validate_model_name(message.text("name"));
  return model_version_reply(
      app.model_versions.get(message.text("name"), parse_model_version(message.text("version"))));
}

HttpResponse transition_model_version_stage(App& app, const Request& request) {
  static constexpr std::array kParams{
      Param{"name", Kind::String, true}, Param{"version", Kind::String, true},
      Param{"stage", Kind::String, true}, Param{"archive_existing_versions", Kind::Bool}};
  const Message message = request.decode(kParams);
  const std::string stage = canonical_stage(message.text("stage"));
  const bool archive = message.boolean("archive_existing_versions");
  if (archive && !is_active_stage(stage)) {
    throw Error(ErrorCode::InternalError,
                "Model version transition cannot archive existing model versions because '" +
                    message.text("stage") +
                    "' is not an Active stage. Valid stages are ['Staging', 'Production']");
  }
  validate_model_name(message.text("name"));
  const std::int64_t version = parse_model_version(message.text("version"));
  return model_version_reply(
      app.model_versions.transition_stage(message.text("name"), version, stage, archive));
}

}  // namespace millrace::handlers
