// Experiments as MLflow's JSON, on the footing of registry_json.h.
#pragma once

#include "api/json/writer.h"
#include "store/records/tracking.h"

namespace millrace {

void write_json(JsonWriter& writer, const Experiment& experiment);
void write_json(JsonWriter& writer, const DatasetSummary& summary);

}  // namespace millrace
