// Logged models as MLflow's JSON: fields in the order of the proto's field numbers.
#pragma once

#include <array>

#include "api/json/enum_value.h"
#include "api/json/writer.h"
#include "store/records/tracking.h"

namespace millrace {

// LoggedModelStatus on the wire.
inline constexpr std::array kLoggedModelStatuses{
    EnumValue{"LOGGED_MODEL_STATUS_UNSPECIFIED", 0}, EnumValue{"LOGGED_MODEL_PENDING", 1},
    EnumValue{"LOGGED_MODEL_READY", 2}, EnumValue{"LOGGED_MODEL_UPLOAD_FAILED", 3}};

// Throws INVALID_PARAMETER_VALUE for a status that is not among them, as MLflow does.
void write_json(JsonWriter& writer, const LoggedModel& model);

}  // namespace millrace
