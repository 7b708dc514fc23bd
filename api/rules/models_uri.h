// models:/ URIs (mlflow/store/artifact/utils/models.py, _parse_model_uri).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace {

// One of: a logged model (only `model_id`), or a registered model with a version, a stage, an
// alias, or none of them, which is its latest version.
struct ModelsUri {
  std::string model_id;
  std::string name;
  std::string version;  // str.isdigit() text, which need not be an int() text
  std::string stage;
  std::string alias;
};

// Nothing when `uri` is none of these forms. A host in it is not looked at.
std::optional<ModelsUri> parse_models_uri(std::string_view uri);

}  // namespace millrace
