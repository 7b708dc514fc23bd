#include "api/entities/logged_model_history.h"

#include <array>
#include <ctime>

#include "api/json/reader.h"
#include "api/json/writer.h"
#include "store/common/clock.h"
#include "store/common/error.h"

namespace millrace {
namespace {

Json parse_model(const std::string& model_json) {
  std::optional<Json> model = parse_json_text(model_json);
  if (!model) {
    throw_invalid_parameter("Malformed model info. \n " + model_json + " \n is not a valid JSON.");
  }
  if (!model->is_object()) {
    throw_invalid_parameter("The model info must be a JSON object, got a value of type '" +
                            std::string(python_type_name(*model)) + "'.");
  }
  return std::move(*model);
}

void require_fields(const Json& model) {
  std::string missing;
  for (const char* name : {"artifact_path", "flavors", "utc_time_created", "run_id"}) {
    if (!model.contains(name)) missing += (missing.empty() ? "'" : ", '") + std::string(name) + "'";
  }
  if (!missing.empty()) {
    throw_invalid_parameter("Model json is missing mandatory fields: {" + missing + "}");
  }
}

void require_readable_signature(const Json& model) {
  if (!model.contains("signature")) return;
  const Json& signature = model["signature"];
  if (signature.is_null() || signature.is_object()) return;
  throw_invalid_parameter("The 'signature' of the model info must be a JSON object.");
}

// Python's bool(value) is False.
bool is_falsy(const Json& value) {
  if (value.is_string() || value.is_array() || value.is_object()) {
    return value.empty() || value == Json("");
  }
  return value.is_null() || value == Json(false) || value == Json(0) || value == Json(0.0);
}

// str(utc_time_created or datetime.now()).
std::string time_text(const Json& value) {
  if (is_falsy(value)) {
    const std::int64_t now = now_ms();
    const auto seconds = static_cast<std::time_t>(now / 1000);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 40> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts);
    const std::string milliseconds = std::to_string(1000 + now % 1000).substr(1);
    return std::string(text.data()) + "." + milliseconds + "000";
  }
  return value.is_string() ? value.get<std::string>() : python_repr(value);
}

Json without_configs(const Json& flavors) {
  Json result = Json::object();
  if (flavors.is_null()) return result;
  if (!flavors.is_object()) {
    throw_invalid_parameter("The 'flavors' of the model info must be a JSON object.");
  }
  for (const auto& flavor : flavors.items()) {
    Json kept = flavor.value();
    if (kept.is_object()) kept.erase("config");
    result[flavor.key()] = std::move(kept);
  }
  return result;
}

}  // namespace

std::string history_entry(const std::string& model_json) {
  const Json model = parse_model(model_json);
  require_fields(model);
  require_readable_signature(model);
  Json entry = Json::object();
  for (const char* name : {"run_id", "artifact_path"}) {
    if (!model[name].is_null()) entry[name] = model[name];
  }
  entry["utc_time_created"] = time_text(model["utc_time_created"]);
  entry["model_uuid"] = model.contains("model_uuid") ? model["model_uuid"] : Json();
  entry["flavors"] = without_configs(model["flavors"]);
  return python_json_dumps(entry, false, Layout::Spaced);
}

std::string append_to_history(const std::optional<std::string>& history, const std::string& entry) {
  if (!history) return "[" + entry + "]";
  const std::optional<Json> list = parse_json_text(*history);
  if (!list || !list->is_array()) {
    throw_invalid_parameter("The run's tag '" + std::string(kHistoryTag) +
                            "' does not hold a JSON list.");
  }
  if (list->empty()) return "[" + entry + "]";
  std::string longer = python_json_dumps(*list, false, Layout::Spaced);
  longer.back() = ',';
  return longer + " " + entry + "]";
}

}  // namespace millrace
