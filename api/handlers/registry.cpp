#include "api/handlers/registry.h"

#include "api/entity_json.h"
#include "api/reply.h"

namespace millrace {
namespace {

template <class Entity>
HttpResponse entity_reply(std::string_view key, const Entity& entity) {
  std::string body;
  JsonWriter writer(body, Layout::Pretty);
  writer.begin_object();
  writer.key(key);
  write_json(writer, entity);
  writer.end_object();
  return json_reply(std::move(body));
}

}  // namespace

std::vector<Tag> tags_of(const Message& message) {
  std::vector<Tag> tags;
  for (const Message& tag : message.messages("tags")) {
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
