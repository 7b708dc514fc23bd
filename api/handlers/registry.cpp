#include "api/handlers/registry.h"

#include "api/entities/registry_json.h"
#include "api/rest/list_reply.h"

namespace millrace {
std::vector<Tag> tags_of(const Message& message, std::string_view field) {
  std::vector<Tag> tags;
  for (const Message& tag : message.messages(field)) {
    tags.push_back({tag.text("key"), tag.text("value")});
  }
  return tags;
}

HttpResponse registered_model_reply(const RegisteredModel& model) {
  return entity_reply("registered_model", model);
}

HttpResponse model_version_reply(const ModelVersion& version) {
  return entity_reply("model_version", version);
}

}  // namespace millrace
