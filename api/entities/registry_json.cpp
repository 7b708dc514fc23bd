#include "api/entities/registry_json.h"

#include <string_view>

namespace millrace {
void write_optional(JsonWriter& writer, std::string_view key,
                    const std::optional<std::string>& value) {
  if (value) writer.key(key).string(*value);
}

void write_tags(JsonWriter& writer, const std::vector<Tag>& tags, std::string_view name) {
  if (tags.empty()) return;
  writer.key(name).begin_array();
  for (const Tag& tag : tags) {
    writer.begin_object();
    writer.key("key").string(tag.key);
    writer.key("value").string(tag.value);
    writer.end_object();
  }
  writer.end_array();
}

void write_json(JsonWriter& writer, const ModelVersion& version) {
  writer.begin_object();
  writer.key("name").string(version.name);
  writer.key("version").string(std::to_string(version.version));
  writer.key("creation_timestamp").integer(version.creation_timestamp);
  writer.key("last_updated_timestamp").integer(version.last_updated_timestamp);
  writer.key("current_stage").string(version.current_stage);
  write_optional(writer, "description", version.description);
  write_optional(writer, "source", version.source);
  write_optional(writer, "run_id", version.run_id);
  writer.key("status").string(version.status);
  write_tags(writer, version.tags);
  write_optional(writer, "run_link", version.run_link);
  if (!version.aliases.empty()) {
    writer.key("aliases").begin_array();
    for (const std::string& alias : version.aliases) writer.string(alias);
    writer.end_array();
  }
  writer.end_object();
}

void write_json(JsonWriter& writer, const RegisteredModel& model) {
  writer.begin_object();
  writer.key("name").string(model.name);
  writer.key("creation_timestamp").integer(model.creation_timestamp);
  writer.key("last_updated_timestamp").integer(model.last_updated_timestamp);
  if (model.description && !model.description->empty())
    writer.key("description").string(*model.description);
  if (!model.latest_versions.empty()) {
    writer.key("latest_versions").begin_array();
    for (const ModelVersion& version : model.latest_versions) write_json(writer, version);
    writer.end_array();
  }
  write_tags(writer, model.tags);
  if (!model.aliases.empty()) {
    writer.key("aliases").begin_array();
    for (const RegisteredModelAlias& alias : model.aliases) {
      writer.begin_object();
      writer.key("alias").string(alias.alias);
      writer.key("version").string(std::to_string(alias.version));
      writer.end_object();
    }
    writer.end_array();
  }
  writer.end_object();
}

}  // namespace millrace
