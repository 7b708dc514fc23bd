// Handlers of the artifacts of runs, model versions and logged models (server.md section 2.4).
#include "api/handlers/artifacts.h"

#include <algorithm>
#include <array>

#include "api/handlers/tracking.h"
#include "api/rest/app.h"
#include "api/rest/reply.h"
#include "api/rules/validate.h"
#include "artifacts/path_rules.h"
#include "store/common/error.h"
#include "store/registry/model_versions.h"
#include "store/text/ascii.h"
#include "store/tracking/logged_models.h"
#include "store/tracking/runs.h"

namespace millrace::handlers {
namespace {

constexpr std::size_t kMostUploadedByBrowser = std::size_t{10} << 20U;  // bytes

// The first argument of that name, or nothing; werkzeug's Request.args.get.
std::optional<std::string> argument(const QueryArguments& arguments, std::string_view name) {
  const auto found = std::find_if(arguments.begin(), arguments.end(),
                                  [&](const auto& pair) { return pair.first == name; });
  return found == arguments.end() ? std::nullopt : std::optional(found->second);
}

QueryArguments query_of(const Request& request) { return parse_query(request.target.raw_query); }

// werkzeug takes such a body for a form, which leaves no data.
bool is_form(const HttpRequest& http) {
  const std::string* type = http.header("content-type");
  if (type == nullptr) return false;
  const std::string lower = ascii_lower(std::string_view(*type).substr(0, type->find(';')));
  return lower == "application/x-www-form-urlencoded" || lower == "multipart/form-data";
}

// How the list of a folder begins the paths: MLflow joins what the client gave where the proxy
// serves the run, and normalizes it elsewhere.
std::string shown_folder(const App& app, const std::string& uri, const std::string& path) {
  if (!app.artifact_roots.is_proxied(uri)) return path_below_root(path);
  return path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
}

// {"root_uri": ..., "files": [...]}: what lies at `path` below `uri`. `given`: the path before it
// was checked.
HttpResponse list_reply(App& app, const std::string& uri, const std::string& path,
                        const std::string& given) {
  const ArtifactPlace place = app.artifact_roots.find(uri);
  require_one_meaning(place, given);
  std::string body;
  JsonWriter writer(body, Layout::Pretty);
  writer.begin_object();
  writer.key("root_uri").string(uri);
  write_files(writer, *place.store, path_below_root(checked_artifact_path(place.join(path))),
              shown_folder(app, uri, path));
  writer.end_object();
  return json_reply(std::move(body));
}

}  // namespace

HttpResponse list_artifacts(App& app, const Request& request) {
  static constexpr std::array kParams{required("run_id"), kRunUuid, Param{"path"},
                                      Param{"page_token"}};
  const Message message = request.decode(kParams);
  const std::string path = checked_artifact_path(message.text("path"));
  return list_reply(
      app,
      app.tracking.read(request.order(), tracking::get_run, run_id_of(message)).info.artifact_uri,
      path, message.text("path"));
}

HttpResponse get_artifact(App& app, const Request& request) {
  const QueryArguments arguments = query_of(request);
  std::string run_id = argument(arguments, "run_id").value_or("");
  if (run_id.empty()) run_id = argument(arguments, "run_uuid").value_or("None");
  const auto path = argument(arguments, "path");
  if (!path) return html_error_reply(400);
  const std::string checked = checked_artifact_path(*path);
  const ArtifactPlace place = app.artifact_roots.find(
      app.tracking.read(request.order(), tracking::get_run, run_id).info.artifact_uri);
  require_one_meaning(place, *path);
  return send_artifact(request, place, checked);
}

HttpResponse get_model_version_artifact(App& app, const Request& request) {
  const QueryArguments arguments = query_of(request);
  const auto path = argument(arguments, "path");
  if (!path) return html_error_reply(400);
  const std::string checked = checked_artifact_path(*path);
  const std::string name = argument(arguments, "name").value_or("");
  validate_model_name(name);
  const auto version = argument(arguments, "version");
  if (!version) throw_invalid_parameter("Missing value for required parameter 'version'.");
  const auto uri = app.registry.read(request.order(), registry::get_model_version_download_uri,
                                     name, parse_model_version(*version));
  const ArtifactPlace place = app.artifact_roots.find(uri.value_or(""));
  require_one_meaning(place, *path);
  return send_artifact(request, place, checked);
}

HttpResponse upload_run_artifact(App& app, const Request& request) {
  const QueryArguments arguments = query_of(request);
  const std::string run_id = argument(arguments, "run_uuid").value_or("");
  if (run_id.empty()) throw_invalid_parameter("Request must specify run_uuid.");
  const std::string given = argument(arguments, "path").value_or("");
  if (given.empty()) throw_invalid_parameter("Request must specify path.");
  const std::string path = checked_artifact_path(given);
  const std::string data = request.read_body(
      kMostUploadedByBrowser,
      Error(ErrorCode::InvalidParameterValue, "Artifact size is too large. Max size is 10MB."));
  if (data.empty() || is_form(request.http)) throw_invalid_parameter("Request must specify data.");
  const RunInfo run = app.tracking.read(request.order(), tracking::get_run, run_id).info;
  ArtifactPlace place = app.artifact_roots.find(run.artifact_uri);
  // A proxied run's files go to its usual place, wherever its experiment's location points.
  if (app.artifact_roots.is_proxied(run.artifact_uri))
    place.folder = run.experiment_id + "/" + run.run_id + "/artifacts";
  const std::string target = place.join(path);
  require_storable_path(target);
  require_own_name(given);
  const auto upload = place.store->upload(path_below_root(target));
  upload->write(data.data(), data.size());
  upload->commit();
  return json_reply("");
}

HttpResponse list_logged_model_artifacts(App& app, const Request& request) {
  static constexpr std::array kParams{Param{"artifact_directory_path"}};
  const Message message = request.decode(kParams);
  const std::string path = checked_artifact_path(message.text("artifact_directory_path"));
  const LoggedModel model = app.tracking.read(request.order(), tracking::get_logged_model,
                                              request.path_arguments.front(), false);
  return list_reply(app, model.artifact_location, path, message.text("artifact_directory_path"));
}

HttpResponse get_logged_model_artifact(App& app, const Request& request) {
  const std::string path = argument(query_of(request), "artifact_file_path").value_or("");
  if (path.empty()) {
    throw Error(ErrorCode::BadRequest,
                "Request must include the \"artifact_file_path\" query parameter.");
  }
  checked_artifact_path(path);
  const LoggedModel model = app.tracking.read(request.order(), tracking::get_logged_model,
                                              request.path_arguments.front(), false);
  const ArtifactPlace place = app.artifact_roots.find(model.artifact_location);
  require_one_meaning(place, path);
  return send_artifact(request, place, path);
}

}  // namespace millrace::handlers
