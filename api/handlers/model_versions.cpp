// Handlers of model versions (registry.md sections 9 and 10).
#include "store/registry/model_versions.h"

#include <array>

#include "api/entities/registry_json.h"
#include "api/handlers/registry.h"
#include "api/handlers/store_lookup.h"
#include "api/handlers/until_unchanged.h"
#include "api/rest/app.h"
#include "api/rest/list_reply.h"
#include "api/rest/page_token.h"
#include "api/rest/reply.h"
#include "api/rest/request.h"
#include "api/rules/model_version_source.h"
#include "api/rules/validate.h"
#include "store/common/error.h"
#include "store/tracking/lookup.h"

namespace millrace::handlers {
namespace {

constexpr std::array kVersionParams{Param{"name", Kind::String, true},
                                    Param{"version", Kind::String, true}};

// DEFAULT_STAGES_FOR_GET_LATEST_VERSIONS are the stages that archiving may clear.
bool is_active_stage(const std::string& stage) {
  return stage == "Staging" || stage == "Production";
}

// The version, and in the logged model that it was made of its name: one unit of work where the
// registry and tracking are one database. The list is parsed before, since a long one takes time;
// when it has changed since, all begins anew. Without a list the version is stored and the request
// refused, as MLflow does it.
ModelVersion create_linked_version(App& app, const WorkOrder& order,
                                   const registry::NewModelVersion& wanted,
                                   const std::string& model_id) {
  std::optional<ModelVersion> created;
  if (&app.registry != &app.tracking)
    created = app.registry.write(order, registry::create_model_version, wanted);
  return *until_unchanged("versions of this logged model", [&] {
    std::optional<tracking::ModelVersionList> list;
    try {
      list.emplace(model_id, app.tracking.read(order, tracking::get_model_versions_tag, model_id),
                   wanted.name);
    } catch (const Error& refusal) {
      const bool is_final = error_row(refusal.code()).http_status < 500;
      if (is_final && !created) app.registry.write(order, registry::create_model_version, wanted);
      throw;
    }
    WorkOrder sized = order;
    if (list->text().size() > kLongText) sized.load = Load::Large;
    return app.tracking.write(sized, [&](Work& work) {
      if (!tracking::hold_model_versions(work, *list)) return std::optional<ModelVersion>();
      std::optional<ModelVersion> version =
          created ? created : registry::create_model_version(work, wanted);
      tracking::add_model_version(work, *list, version->version);
      return version;
    });
  });
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
  StoreLookup lookup(app, request);
  const AcceptedSource accepted = app.source_rules.check(source, lookup);
  const registry::NewModelVersion version{
      source.name,     accepted.source,          accepted.storage_location,
      accepted.run_id, message.text("run_link"), message.text("description"),
      source.tags};
  const WorkOrder order = request.order(load_of(version.tags.size()));
  return model_version_reply(
      accepted.linked_model_id.empty()
          ? app.registry.write(order, registry::create_model_version, version)
          : create_linked_version(app, order, version, accepted.linked_model_id));
}

HttpResponse get_model_version(App& app, const Request& request) {
  const Message message = request.decode(kVersionParams);
  validate_model_name(message.text("name"));
  return model_version_reply(app.registry.read(request.order(), registry::get_model_version,
                                               message.text("name"),
                                               parse_model_version(message.text("version"))));
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
  return model_version_reply(app.registry.write(request.order(),
                                                registry::transition_model_version_stage,
                                                message.text("name"), version, stage, archive));
}

HttpResponse update_model_version(App& app, const Request& request) {
  static constexpr std::array kParams{Param{"name", Kind::String, true},
                                      Param{"version", Kind::String, true}, Param{"description"}};
  const Message message = request.decode(kParams);
  validate_model_name(message.text("name"));
  return model_version_reply(app.registry.write(
      request.order(), registry::update_model_version, message.text("name"),
      parse_model_version(message.text("version")), message.optional_text("description")));
}

HttpResponse delete_model_version(App& app, const Request& request) {
  const Message message = request.decode(kVersionParams);
  // The one call that looks at the version first.
  const std::int64_t version = parse_model_version(message.text("version"));
  validate_model_name(message.text("name"));
  app.registry.write(request.order(), registry::delete_model_version, message.text("name"),
                     version);
  return json_reply("{}");
}

HttpResponse search_model_versions(App& app, const Request& request) {
  static constexpr std::array kParams{Param{"filter"},
                                      Param{"max_results", Kind::Int64, false, {}, 200'000},
                                      Param{"order_by", Kind::Strings}, Param{"page_token"}};
  const Message message = request.decode(kParams);
  const std::int64_t max_results = message.integer("max_results", 200'000);
  if (max_results < 1) {
    throw_invalid_parameter(
        "Invalid value for max_results. It must be a positive integer, but got " +
        std::to_string(max_results));
  }
  const auto search =
      search::parse_model_version_search(message.text("filter"), message.texts("order_by"));
  const std::int64_t offset = decode_page_token(message.text("page_token"));
  ListReply reply("model_versions");
  const bool more = app.registry.read(request.order(Load::Large), registry::search_model_versions,
                                      search, max_results, offset,
                                      [&](const ModelVersion& version) { reply.add(version); });
  return reply.finish(page_token_if(more, offset, max_results));
}

HttpResponse get_model_version_download_uri(App& app, const Request& request) {
  // MLflow checks no schema here: what is missing reads as "".
  static constexpr std::array kParams{Param{.name = "name", .checked = false},
                                      Param{.name = "version", .checked = false}};
  const Message message = request.decode(kParams);
  validate_model_name(message.text("name"));
  const auto uri =
      app.registry.read(request.order(), registry::get_model_version_download_uri,
                        message.text("name"), parse_model_version(message.text("version")));
  std::string body;
  JsonWriter writer(body, Layout::Pretty);
  writer.begin_object();
  if (uri) writer.key("artifact_uri").string(*uri);
  writer.end_object();
  return json_reply(std::move(body));
}

HttpResponse set_model_version_tag(App& app, const Request& request) {
  static constexpr std::array kParams{Param{"name", Kind::String, true},
                                      Param{"version", Kind::String, true},
                                      Param{"key", Kind::String, true}, Param{"value"}};
  const Message message = request.decode(kParams);
  validate_model_name(message.text("name"));
  const std::int64_t version = parse_model_version(message.text("version"));
  validate_model_version_tag(message.text("key"), message.text("value"));
  app.registry.write(request.order(), registry::set_model_version_tag, message.text("name"),
                     version, Tag{message.text("key"), message.text("value")});
  return json_reply("{}");
}

HttpResponse delete_model_version_tag(App& app, const Request& request) {
  static constexpr std::array kParams{Param{"name", Kind::String, true},
                                      Param{"version", Kind::String, true},
                                      Param{"key", Kind::String, true}};
  const Message message = request.decode(kParams);
  validate_model_name(message.text("name"));
  const std::int64_t version = parse_model_version(message.text("version"));
  validate_tag_key(message.text("key"));
  app.registry.write(request.order(), registry::delete_model_version_tag, message.text("name"),
                     version, message.text("key"));
  return json_reply("{}");
}

}  // namespace millrace::handlers
