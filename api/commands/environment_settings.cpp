#include "api/commands/environment_settings.h"

#include <re2/re2.h>

#include <cstddef>
#include <string>

#include "api/commands/option_values.h"
#include "store/common/error.h"

namespace millrace {

void read_environment_settings(Config& config) {
  std::string workspace = environment("MLFLOW_WORKSPACE");
  if (!workspace.empty()) {
    throw Error(ErrorCode::InvalidState, "MLFLOW_WORKSPACE=" + workspace +
                                             " is client-only. Unset it before starting the "
                                             "server.");
  }
  config.allowed_host_addressed_artifact_schemes =
      split_list(to_lower(environment("MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES")));

  constexpr const char* kRegex = "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX";
  config.model_version_source_regex = environment(kRegex);
  re2::RE2 regex(config.model_version_source_regex, re2::RE2::Quiet);
  if (!regex.ok()) throw_invalid_value(kRegex, regex.error() + ".");

  struct Size {
    const char* name;
    std::size_t& size;
  };
  for (const Size& setting :
       {Size{"MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH", config.artifact_location_max_length},
        Size{"MLFLOW_SERVER_GRAPHQL_MAX_ROOT_FIELDS", config.graphql_max_root_fields},
        Size{"MLFLOW_SERVER_GRAPHQL_MAX_ALIASES", config.graphql_max_aliases}}) {
    const std::string value = environment(setting.name);
    if (!value.empty())
      setting.size = static_cast<std::size_t>(parse_integer(setting.name, value, 0, 1'000'000));
  }

  constexpr const char* kTruncate = "MLFLOW_TRUNCATE_LONG_VALUES";
  std::string truncate = environment(kTruncate);
  if (!truncate.empty()) config.truncate_long_values = parse_boolean(kTruncate, truncate);

  constexpr const char* kGateway = "MLFLOW_ENABLE_AI_GATEWAY";
  std::string gateway = environment(kGateway);
  if (!gateway.empty()) config.ai_gateway_enabled = parse_boolean(kGateway, gateway);
}

}  // namespace millrace
