// Handlers of the aliases of a registered model (registry.md section 12).
#include <array>

#include "api/handlers/registry.h"
#include "api/rest/app.h"
#include "api/rest/reply.h"
#include "api/rest/request.h"
#include "api/rules/validate.h"
#include "store/registry/model_versions.h"
#include "store/registry/registered_models.h"

namespace millrace::handlers {

HttpResponse set_registered_model_alias(App& app, const Request& request) {
  static constexpr std::array kParams{Param{"name", Kind::String, true},
                                      Param{"alias", Kind::String, true},
                                      Param{"version", Kind::String, true}};
  const Message message = request.decode(kParams);
  validate_model_name(message.text("name"));
  validate_alias(message.text("alias"));
  validate_alias_is_free(message.text("alias"));
  app.registry.write(request.order(), registry::set_registered_model_alias, message.text("name"),
                     message.text("alias"), parse_model_version(message.text("version")));
  return json_reply("{}");
}

HttpResponse delete_registered_model_alias(App& app, const Request& request) {
  static constexpr std::array kParams{Param{"name", Kind::String, true},
                                      Param{"alias", Kind::String, true}};
  const Message message = request.decode(kParams);
  validate_model_name(message.text("name"));
  validate_alias(message.text("alias"));
  app.registry.write(request.order(), registry::delete_registered_model_alias, message.text("name"),
                     message.text("alias"));
  return json_reply("{}");
}

HttpResponse get_model_version_by_alias(App& app, const Request& request) {
  static constexpr std::array kParams{Param{"name", Kind::String, true},
                                      Param{"alias", Kind::String, true}};
  const Message message = request.decode(kParams);
  validate_model_name(message.text("name"));
  validate_alias(message.text("alias"));
  return model_version_reply(app.registry.read(request.order(),
                                               registry::get_model_version_by_alias,
                                               message.text("name"), message.text("alias")));
}

}  // namespace millrace::handlers
