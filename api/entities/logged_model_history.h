// The run tag in which log-model keeps what was logged: a JSON list with an object for each model,
// as Python's json.dumps writes it.
#pragma once

#include <optional>
#include <string>

namespace millrace {

inline constexpr const char* kHistoryTag = "mlflow.log-model.history";

// What Model.get_tags_dict keeps of a model: run_id, artifact_path, utc_time_created, model_uuid
// and the flavors without their configs. Throws INVALID_PARAMETER_VALUE when `model_json` is no
// JSON object, lacks a mandatory field, or has flavors or a signature that are no object. What
// stands in a signature, which is not kept, is not looked at.
std::string history_entry(const std::string& model_json);

// The tag's next value, after `history`. Throws INVALID_PARAMETER_VALUE when that is no JSON list.
std::string append_to_history(const std::optional<std::string>& history, const std::string& entry);

}  // namespace millrace
