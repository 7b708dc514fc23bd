// Experiments as MLflow's JSON, on the footing of entity_json.h.
#pragma once

#include "api/json/json_writer.h"
#include "store/tracking_records.h"

namespace millrace {

void write_json(JsonWriter& writer, const Experiment& experiment);
void write_json(JsonWriter& writer, const DatasetSummary& summary);

}  // namespace millrace
