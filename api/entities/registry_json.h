// The room api/entities: records to JSON, byte for byte. May use api/json and the records. No
// request, no store.
//
// Records as MLflow's JSON: fields in the order of the proto's field numbers, each left out exactly
// where MLflow leaves it out (registry.md section 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/json/writer.h"
#include "store/records/registry.h"

namespace millrace {

void write_json(JsonWriter& writer, const RegisteredModel& model);
void write_json(JsonWriter& writer, const ModelVersion& version);

// The member `key`; left out when there is no value.
void write_optional(JsonWriter& writer, std::string_view key,
                    const std::optional<std::string>& value);

// The member `name`, a list of {"key", "value"}; left out when there are none.
void write_tags(JsonWriter& writer, const std::vector<Tag>& tags, std::string_view name = "tags");

}  // namespace millrace
