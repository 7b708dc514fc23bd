// What Millrace makes of names, tokens, URIs and sources, for the comparison with MLflow in
// compat-tests: each line of the input is a JSON list of an operation and its arguments, each line
// of the output {"ok": result} or {"code": ..., "message": ...}. The operation "world" says what
// the stores hold from then on.
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <string_view>

#include "api/json/reader.h"
#include "api/json/writer.h"
#include "api/rest/page_token.h"
#include "api/rules/memory_lookup.h"
#include "api/rules/model_version_source.h"
#include "api/rules/models_uri.h"
#include "api/rules/validate.h"
#include "artifacts/real_path.h"
#include "store/common/error.h"
#include "store/text/percent_decoding.h"
#include "store/text/posix_path.h"
#include "store/text/uri.h"

namespace {

using namespace millrace;

std::string text(const Json& value) { return value.get<std::string>(); }

std::optional<std::string> optional_text(const Json& value) {
  return value.is_null() ? std::nullopt : std::optional(text(value));
}

Json json_of(const std::optional<std::string>& value) { return value ? Json(*value) : Json(); }

std::vector<std::string> texts(const Json& values) {
  return values.get<std::vector<std::string>>();
}

MemoryLookup read_world(const Json& json) {
  MemoryLookup world;
  for (const auto& [name, model] : json.at("models").items()) {
    MemoryLookup::Model& stored = world.models[name];
    stored.prompt = model.at("prompt").get<bool>();
    for (const Json& version : model.at("versions")) {
      ModelVersion row;
      row.name = name;
      row.version = version.at("version").get<std::int64_t>();
      row.current_stage = text(version.at("stage"));
      row.source = optional_text(version.at("source"));
      row.storage_location = optional_text(version.at("storage_location"));
      row.run_id = optional_text(version.at("run_id"));
      stored.versions.push_back(row);
    }
    for (const auto& [alias, version] : model.at("aliases").items()) {
      stored.aliases[alias] = version.get<std::int64_t>();
    }
  }
  for (const auto& [id, uri] : json.at("runs").items()) {
    world.runs[id] = SourceRun{optional_text(uri), "active"};
  }
  for (const auto& [id, model] : json.at("logged_models").items()) {
    world.logged_models[id] = SourceLoggedModel{text(model.at(0)), optional_text(model.at(1))};
  }
  return world;
}

Json create(const Json& request, const Json& settings, MemoryLookup& world) {
  SourceRequest fields{text(request.at("name")),
                       text(request.at("source")),
                       std::nullopt,
                       request.value("model_id", ""),
                       {}};
  if (request.contains("run_id")) fields.run_id = text(request.at("run_id"));
  for (const Json& tag : request.value("tags", Json::array())) {
    fields.tags.push_back({text(tag.at("key")), text(tag.at("value"))});
  }
  const SourceRules rules(
      {texts(settings.at("allowed_schemes")), texts(settings.at("trusted_uris"))},
      text(settings.at("pattern")));
  const AcceptedSource accepted = rules.check(fields, world);
  return Json::array({accepted.source, accepted.storage_location, json_of(accepted.run_id),
                      accepted.linked_model_id});
}

Json split(const std::string& uri) {
  const UriParts parts = split_uri(uri);
  return Json::array({parts.scheme, parts.netloc, parts.path,
                      std::string(parts.path_without_params()), parts.query, parts.fragment,
                      std::string(parts.host()), std::string(parts.port())});
}

Json models_uri(const std::string& uri) {
  const auto parsed = parse_models_uri(uri);
  if (!parsed) return nullptr;
  return Json::array(
      {parsed->model_id, parsed->name, parsed->version, parsed->stage, parsed->alias});
}

// An operation over the arguments that follow its name.
using Operation = std::function<Json(const Json&)>;

Operation check(void (*validate)(std::string_view)) {
  return [validate](const Json& args) {
    validate(text(args.at(1)));
    return Json();
  };
}

Operation check(void (*validate)(std::string_view, std::string_view)) {
  return [validate](const Json& args) {
    validate(text(args.at(1)), text(args.at(2)));
    return Json();
  };
}

template <class Function>
Operation call(Function function) {
  return [function](const Json& args) { return Json(function(text(args.at(1)))); };
}

const std::map<std::string, Operation, std::less<>>& operations() {
  static MemoryLookup world;
  static const std::map<std::string, Operation, std::less<>> table{
      {"world",
       [](const Json& args) {
         world = read_world(args.at(1));
         return Json();
       }},
      {"create", [](const Json& args) { return create(args.at(1), args.at(2), world); }},
      {"model_name", check(validate_model_name)},
      {"new_model_name", check(validate_new_model_name)},
      {"tag_key", check(validate_tag_key)},
      {"registered_model_tag", check(validate_registered_model_tag)},
      {"model_version_tag", check(validate_model_version_tag)},
      {"alias", check(validate_alias)},
      {"alias_is_free", check(validate_alias_is_free)},
      {"version", call(parse_model_version)},
      {"stage", call(canonical_stage)},
      {"token", call(decode_page_token)},
      {"new_token",
       [](const Json& args) { return Json(encode_page_token(args.at(1).get<std::int64_t>())); }},
      {"unquote", call(unquote)},
      {"unquote_fully", call([](const std::string& t) { return unquote_fully(t, Plus::Kept); })},
      {"unquote_plus_fully",
       call([](const std::string& t) { return unquote_fully(t, Plus::IsSpace); })},
      {"split", call(split)},
      {"is_local", call(is_local_uri)},
      {"local_path", call(local_path)},
      {"normalize_path", call(normalize_path)},
      {"resolve_path", call([](const std::string& t) { return json_of(resolve_path(t)); })},
      {"models_uri", call(models_uri)},
  };
  return table;
}

Json answer(const std::string& line) {
  const Json arguments = parse_json(line).value();
  try {
    return Json{{"ok", operations().at(text(arguments.at(0)))(arguments)}};
  } catch (const Error& error) {
    return Json{{"code", std::string(error_row(error.code()).wire_name)},
                {"message", error.message()}};
  }
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << python_json_dumps(answer(line), false, Layout::Spaced) << '\n' << std::flush;
  }
}
