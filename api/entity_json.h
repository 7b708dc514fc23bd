// Records as MLflow's JSON: fields in the order of the proto's field numbers, each left out exactly
// where MLflow leaves it out (registry.md section 4).
#pragma once

#include <string_view>
#include <vector>

#include "api/json/json_writer.h"
#include "store/records.h"

namespace millrace {

void write_json(JsonWriter& writer, const RegisteredModel& model);
void write_json(JsonWriter& writer, const ModelVersion& version);

// The member `name`, a list of {"key", "value"}; left out when there are none.
void write_tags(JsonWriter& writer, const std::vector<Tag>& tags, std::string_view name = "tags");

}  // namespace millrace
