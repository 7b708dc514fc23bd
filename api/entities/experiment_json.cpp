#include "api/entities/experiment_json.h"

#include <string>

#include "api/entities/registry_json.h"

namespace millrace {
namespace {

// MLflow takes 0 for a time that is not known.
void write_time(JsonWriter& writer, std::string_view key, const std::optional<std::int64_t>& time) {
  if (time.value_or(0) != 0) writer.key(key).integer(*time);
}

}  // namespace

void write_json(JsonWriter& writer, const Experiment& experiment) {
  writer.begin_object();
  writer.key("experiment_id").string(std::to_string(experiment.experiment_id));
  writer.key("name").string(experiment.name);
  if (experiment.artifact_location) {
    writer.key("artifact_location").string(*experiment.artifact_location);
  }
  writer.key("lifecycle_stage").string(experiment.lifecycle_stage);
  write_time(writer, "last_update_time", experiment.last_update_time);
  write_time(writer, "creation_time", experiment.creation_time);
  write_tags(writer, experiment.tags);
  writer.key("workspace").string("default");
  writer.end_object();
}

void write_json(JsonWriter& writer, const DatasetSummary& summary) {
  writer.begin_object();
  writer.key("experiment_id").string(std::to_string(summary.experiment_id));
  writer.key("name").string(summary.name);
  writer.key("digest").string(summary.digest);
  if (!summary.context.value_or("").empty()) writer.key("context").string(*summary.context);
  writer.end_object();
}

}  // namespace millrace
