#include "api/entities/logged_model_json.h"

#include <algorithm>

#include "api/entities/registry_json.h"
#include "api/entities/run_json.h"
#include "store/common/error.h"

namespace millrace {
namespace {

std::string_view status_name(std::int64_t status) {
  const auto found = std::find_if(kLoggedModelStatuses.begin(), kLoggedModelStatuses.end(),
                                  [&](const EnumValue& value) { return value.number == status; });
  if (found == kLoggedModelStatuses.end()) {
    throw_invalid_parameter("Unknown model status: " + std::to_string(status));
  }
  return found->name;
}

}  // namespace

void write_json(JsonWriter& writer, const LoggedModel& model) {
  writer.begin_object();
  writer.key("info").begin_object();
  writer.key("model_id").string(model.model_id);
  writer.key("experiment_id").string(std::to_string(model.experiment_id));
  writer.key("name").string(model.name);
  writer.key("creation_timestamp_ms").integer(model.creation_timestamp_ms);
  writer.key("last_updated_timestamp_ms").integer(model.last_updated_timestamp_ms);
  writer.key("artifact_uri").string(model.artifact_location);
  writer.key("status").string(status_name(model.status));
  write_optional(writer, "model_type", model.model_type);
  write_optional(writer, "source_run_id", model.source_run_id);
  write_optional(writer, "status_message", model.status_message);
  write_tags(writer, model.tags);
  writer.end_object();
  writer.key("data").begin_object();
  write_tags(writer, model.params, "params");
  if (!model.metrics.empty()) {
    writer.key("metrics").begin_array();
    for (const Metric& metric : model.metrics) write_json(writer, metric);
    writer.end_array();
  }
  writer.end_object();
  writer.end_object();
}

}  // namespace millrace
