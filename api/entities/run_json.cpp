#include "api/entities/run_json.h"

#include <cmath>

#include "api/entities/registry_json.h"

namespace millrace {
namespace {

void write_filled(JsonWriter& writer, std::string_view key,
                  const std::optional<std::string>& value) {
  if (value && !value->empty()) writer.key(key).string(*value);
}

// protobuf's JSON has texts for what is no number in JSON.
void write_double(JsonWriter& writer, double value) {
  if (std::isfinite(value)) {
    writer.number(value);
  } else if (std::isnan(value)) {
    writer.string("NaN");
  } else {
    writer.string(value > 0 ? "Infinity" : "-Infinity");
  }
}

void write_data(JsonWriter& writer, const Run& run) {
  writer.begin_object();
  if (!run.metrics.empty()) {
    writer.key("metrics").begin_array();
    for (const Metric& metric : run.metrics) write_json(writer, metric);
    writer.end_array();
  }
  write_tags(writer, run.params, "params");
  write_tags(writer, run.tags);
  writer.end_object();
}

void write_dataset_input(JsonWriter& writer, const DatasetInput& input) {
  writer.begin_object();
  write_tags(writer, input.tags);
  writer.key("dataset").begin_object();
  writer.key("name").string(input.dataset.name);
  writer.key("digest").string(input.dataset.digest);
  writer.key("source_type").string(input.dataset.source_type);
  writer.key("source").string(input.dataset.source);
  write_filled(writer, "schema", input.dataset.schema);
  write_filled(writer, "profile", input.dataset.profile);
  writer.end_object();
  writer.end_object();
}

void write_inputs(JsonWriter& writer, const Run& run) {
  writer.begin_object();
  if (!run.dataset_inputs.empty()) {
    writer.key("dataset_inputs").begin_array();
    for (const DatasetInput& input : run.dataset_inputs) write_dataset_input(writer, input);
    writer.end_array();
  }
  if (!run.model_inputs.empty()) {
    writer.key("model_inputs").begin_array();
    for (const std::string& model_id : run.model_inputs) {
      writer.begin_object();
      writer.key("model_id").string(model_id);
      writer.end_object();
    }
    writer.end_array();
  }
  writer.end_object();
}

void write_outputs(JsonWriter& writer, const Run& run) {
  writer.begin_object();
  if (!run.model_outputs.empty()) {
    writer.key("model_outputs").begin_array();
    for (const ModelOutput& output : run.model_outputs) {
      writer.begin_object();
      writer.key("model_id").string(output.model_id);
      writer.key("step").integer(output.step);
      writer.end_object();
    }
    writer.end_array();
  }
  writer.end_object();
}

// All but the outputs; the object stays open.
void begin_run(JsonWriter& writer, const Run& run) {
  writer.begin_object();
  writer.key("info");
  write_json(writer, run.info);
  writer.key("data");
  write_data(writer, run);
  writer.key("inputs");
  write_inputs(writer, run);
}

}  // namespace

void write_json(JsonWriter& writer, const RunInfo& info) {
  writer.begin_object();
  writer.key("run_uuid").string(info.run_id);
  writer.key("experiment_id").string(info.experiment_id);
  writer.key("run_name").string(info.run_name);
  writer.key("user_id").string(info.user_id);
  writer.key("status").string(info.status);
  if (info.start_time) writer.key("start_time").integer(*info.start_time);
  if (info.end_time && *info.end_time != 0) writer.key("end_time").integer(*info.end_time);
  if (!info.artifact_uri.empty()) writer.key("artifact_uri").string(info.artifact_uri);
  writer.key("lifecycle_stage").string(info.lifecycle_stage);
  writer.key("run_id").string(info.run_id);
  writer.end_object();
}

void write_json(JsonWriter& writer, const Run& run) {
  begin_run(writer, run);
  writer.key("outputs");
  write_outputs(writer, run);
  writer.end_object();
}

void write_created(JsonWriter& writer, const Run& run) {
  begin_run(writer, run);
  writer.end_object();
}

void write_json(JsonWriter& writer, const Metric& metric) {
  writer.begin_object();
  writer.key("key").string(metric.key);
  writer.key("value");
  write_double(writer, metric.value);
  writer.key("timestamp").integer(metric.timestamp);
  writer.key("step").integer(metric.step);
  write_filled(writer, "dataset_name", metric.dataset_name);
  write_filled(writer, "dataset_digest", metric.dataset_digest);
  write_filled(writer, "model_id", metric.model_id);
  write_filled(writer, "run_id", metric.run_id);
  writer.end_object();
}

}  // namespace millrace
