// Runs and metrics as MLflow's JSON: fields in the order of the proto's field numbers, each left
// out exactly where MLflow leaves it out (tracking.md section 3).
#pragma once

#include "api/json/writer.h"
#include "store/records/tracking.h"

namespace millrace {

void write_json(JsonWriter& writer, const RunInfo& info);

// As runs/get and runs/search answer; search has no model_inputs because it does not read them.
void write_json(JsonWriter& writer, const Run& run);

// As runs/create answers: without outputs.
void write_created(JsonWriter& writer, const Run& run);

// A point of a metric. Which dataset, model and run it belongs to is written where the record says.
void write_json(JsonWriter& writer, const Metric& metric);

}  // namespace millrace
