// Handlers of registered models (registry.md sections 8, 10 and 11).
#include "store/registry/registered_models.h"

#include <array>
#include <set>

#include "api/entities/registry_json.h"
#include "api/handlers/registry.h"
#include "api/rest/app.h"
#include "api/rest/list_reply.h"
#include "api/rest/page_token.h"
#include "api/rest/reply.h"
#include "api/rest/request.h"
#include "api/rules/validate.h"
#include "store/registry/model_versions.h"

namespace millrace::handlers {
namespace {

// MLflow's message has it, its store ignores it: only its type and spelling matter.
constexpr Param kDeploymentJobId{.name = "deployment_job_id", .checked = false};

// Drops the versions in other stages; no stages means all.
void keep_stages(std::vector<ModelVersion>& versions, const std::vector<std::string>& stages) {
  if (stages.empty()) return;
  std::set<std::string> wanted;
  for (const std::string& stage : stages) wanted.insert(canonical_stage(stage));
  std::erase_if(versions, [&](const ModelVersion& v) { return !wanted.contains(v.current_stage); });
}

}  // namespace

HttpResponse create_registered_model(App& app, const Request& request) {
  static constexpr std::array kParams{Param{"name", Kind::String, true},
                                      Param{"tags", Kind::Messages, false, kTagParams},
                                      Param{"description"}, kDeploymentJobId};
  const Message message = request.decode(kParams);
  const std::string& name = message.text("name");
  validate_model_name(name);
  const std::vector<Tag> tags = tags_of(message);
  for (const Tag& tag : tags) validate_registered_model_tag(tag.key, tag.value);
  return registered_model_reply(app.registry.write(request.order(load_of(tags.size())),
                                                   registry::create_registered_model, name, tags,
                                                   message.text("description")));
}

HttpResponse get_registered_model(App& app, const Request& request) {
  static constexpr std::array kParams{Param{"name", Kind::String, true}};
  const Message message = request.decode(kParams);
  validate_model_name(message.text("name"));
  return registered_model_reply(
      app.registry.read(request.order(), registry::get_registered_model, message.text("name")));
}

HttpResponse update_registered_model(App& app, const Request& request) {
  static constexpr std::array kParams{Param{"name", Kind::String, true}, Param{"description"},
                                      kDeploymentJobId};
  const Message message = request.decode(kParams);
  validate_model_name(message.text("name"));
  return registered_model_reply(
      app.registry.write(request.order(), registry::update_registered_model, message.text("name"),
                         message.text("description")));
}

HttpResponse rename_registered_model(App& app, const Request& request) {
  static constexpr std::array kParams{Param{"name", Kind::String, true},
                                      Param{"new_name", Kind::String, true}};
  const Message message = request.decode(kParams);
  validate_new_model_name(message.text("new_name"));
  validate_model_name(message.text("name"));
  return registered_model_reply(app.registry.write(
      request.order(Load::Large, References::KeptByBody), registry::rename_registered_model,
      message.text("name"), message.text("new_name")));
}

HttpResponse delete_registered_model(App& app, const Request& request) {
  static constexpr std::array kParams{Param{"name", Kind::String, true}};
  const Message message = request.decode(kParams);
  validate_model_name(message.text("name"));
  app.registry.write(request.order(Load::Large, References::KeptByBody),
                     registry::delete_registered_model, message.text("name"));
  return json_reply("{}");
}

HttpResponse search_registered_models(App& app, const Request& request) {
  static constexpr std::array kParams{Param{"filter"},
                                      Param{"max_results", Kind::Int64, false, {}, 1000},
                                      Param{"order_by", Kind::Strings}, Param{"page_token"}};
  const Message message = request.decode(kParams);
  const std::int64_t max_results = message.integer("max_results", 100);
  const auto search =
      search::parse_registered_model_search(message.text("filter"), message.texts("order_by"));
  const std::int64_t offset = decode_page_token(message.text("page_token"));
  ListReply reply("registered_models");
  const bool more = app.registry.read(
      request.order(Load::Large), registry::search_registered_models, search, max_results, offset,
      [&](const RegisteredModel& model) { reply.add(model); });
  return reply.finish(page_token_if(more, offset, max_results));
}

HttpResponse set_registered_model_tag(App& app, const Request& request) {
  static constexpr std::array kParams{Param{"name", Kind::String, true},
                                      Param{"key", Kind::String, true}, Param{"value"}};
  const Message message = request.decode(kParams);
  validate_model_name(message.text("name"));
  validate_registered_model_tag(message.text("key"), message.text("value"));
  app.registry.write(request.order(), registry::set_registered_model_tag, message.text("name"),
                     Tag{message.text("key"), message.text("value")});
  return json_reply("{}");
}

HttpResponse delete_registered_model_tag(App& app, const Request& request) {
  static constexpr std::array kParams{Param{"name", Kind::String, true},
                                      Param{"key", Kind::String, true}};
  const Message message = request.decode(kParams);
  validate_model_name(message.text("name"));
  validate_tag_key(message.text("key"));
  app.registry.write(request.order(), registry::delete_registered_model_tag, message.text("name"),
                     message.text("key"));
  return json_reply("{}");
}

HttpResponse get_latest_versions(App& app, const Request& request) {
  static constexpr std::array kParams{Param{"name", Kind::String, true},
                                      Param{"stages", Kind::Strings}};
  const Message message = request.decode(kParams);
  validate_model_name(message.text("name"));
  // A missing model is reported before a wrong stage, so the stages are looked at afterwards.
  auto versions = app.registry.read(request.order(), registry::get_latest_versions,
                                    message.text("name"), std::vector<std::string>());
  keep_stages(versions, message.texts("stages"));
  ListReply reply("model_versions");
  for (const ModelVersion& version : versions) reply.add(version);
  return reply.finish();
}

}  // namespace millrace::handlers
