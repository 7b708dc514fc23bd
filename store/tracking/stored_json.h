// The only JSON in store/: edits of the JSON texts that MLflow keeps inside stored values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace millrace {

// What abstract_store.set_model_versions_tags makes of a logged model's tag mlflow.modelVersions,
// a list of {"name", "version"}: the new entry comes last; if it is in the list already, the list
// is replaced by it. Nothing if `list` is no JSON list. No list and an empty text are the same.
std::optional<std::string> add_model_version(const std::string& list, const std::string& name,
                                             std::int64_t version);

}  // namespace millrace
