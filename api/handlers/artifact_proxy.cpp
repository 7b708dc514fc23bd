// Handlers of /mlflow-artifacts (server.md section 2.2): the files below --artifacts-destination.
#include <array>

#include "api/handlers/artifacts.h"
#include "api/rest/app.h"
#include "api/rest/download.h"
#include "api/rest/reply.h"
#include "api/rest/request.h"
#include "api/rules/artifact_roots.h"
#include "artifacts/mime.h"
#include "artifacts/path_rules.h"
#include "store/common/error.h"
#include "store/text/posix_path.h"

namespace millrace {

namespace {

constexpr std::size_t kChunk = std::size_t{256} << 10U;  // bytes

// FastAPI's HTTPException.
HttpResponse detail_reply(int status, const std::string& detail) {
  std::string body;
  JsonWriter writer(body, Layout::Utf8);
  writer.begin_object();
  writer.key("detail").string(detail);
  writer.end_object();
  HttpResponse response = json_reply(std::move(body));
  response.status = status;
  return response;
}

std::string name_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

// "" when the path ends with a slash, but for "." before the slashes.
std::string last_segment(std::string_view path) {
  const std::string_view stripped = path.substr(0, path.find_last_not_of('/') + 1);
  const std::string name = name_of(stripped);
  return name == "." || stripped.size() == path.size() ? name : "";
}

}  // namespace

HttpResponse artifacts_disabled_reply(const Request& request) {
  if (request.layer == Layer::Native) {
    return detail_reply(503,
                        "Artifact serving is disabled. Run `mlflow server` with "
                        "`--serve-artifacts` to enable.");
  }
  return text_reply(503, kHtml,
                    "Endpoint: " + std::string(request.rule) +
                        " disabled due to the mlflow server running with `--no-serve-artifacts`."
                        " To enable artifacts server functionality, run `mlflow server` with"
                        " `--serve-artifacts`");
}

void require_one_meaning(const ArtifactPlace& place, const std::string& path) {
  if (keeps_its_name(path)) return;
  const ArtifactPlace checked{place.store, checked_artifact_path(place.folder)};
  if (place.store->kind(path_below_root(checked.join(path))) != ArtifactKind::Missing)
    require_own_name(path);
}

HttpResponse send_artifact(const Request& request, const ArtifactPlace& place,
                           const std::string& path) {
  const std::string shown = place.join(path);
  const std::string checked = checked_artifact_path(shown);
  const std::string real = path_below_root(checked);
  std::unique_ptr<ArtifactFile> file = place.store->open(real);
  if (file == nullptr) {
    if (place.store->kind(real) != ArtifactKind::Directory)
      throw Error(ErrorCode::ResourceDoesNotExist, "No such artifact: '" + checked + "'");
    const std::string text = "Artifact path refers to a directory, not a file: '" + shown + "'";
    if (request.layer == Layer::Native) return detail_reply(400, text);
    throw_invalid_parameter(text);
  }
  // Of a path that ends with a slash the native layer makes no name.
  const std::string name = name_of(request.layer == Layer::Native ? shown : normalize_path(shown));
  Download download{std::move(file), name, std::string(mime_type(name_of(real)))};
  return request.layer == Layer::Native ? native_download(request.http, std::move(download))
                                        : classic_download(request.http, std::move(download));
}

void write_files(JsonWriter& writer, ArtifactStore& store, const std::string& folder,
                 const std::string& shown_folder) {
  const std::vector<ArtifactEntry> entries = store.list(folder);
  if (entries.empty()) return;
  writer.key("files").begin_array();
  for (const ArtifactEntry& entry : entries) {
    writer.begin_object();
    writer.key("path").string(shown_folder.empty() ? entry.name : shown_folder + "/" + entry.name);
    writer.key("is_dir").boolean(entry.is_directory);
    if (entry.size > 0) writer.key("file_size").integer(static_cast<std::int64_t>(entry.size));
    writer.end_object();
  }
  writer.end_array();
}

namespace handlers {

HttpResponse download_artifact(App& app, const Request& request) {
  if (!app.config.serve_artifacts) return artifacts_disabled_reply(request);
  const std::string path = checked_artifact_path(request.path_arguments.front());
  const ArtifactPlace place = app.artifact_roots.destination();
  require_one_meaning(place, request.path_arguments.front());
  return send_artifact(request, place, path);
}

HttpResponse upload_artifact(App& app, const Request& request) {
  if (!app.config.serve_artifacts) return artifacts_disabled_reply(request);
  const std::string path = checked_artifact_path(request.path_arguments.front());
  const bool native = request.layer == Layer::Native;
  if (name_of(path).empty()) {
    const std::string text = "Artifact path must include a filename (cannot end with '/').";
    if (native) return detail_reply(400, text);
    throw_invalid_parameter(text);
  }
  require_storable_path(path);
  require_own_name(request.path_arguments.front());
  const ArtifactPlace place = app.artifact_roots.destination();
  const auto upload = place.store->upload(path_below_root(path));
  std::vector<char> buffer(kChunk);
  while (const std::size_t size =
             request.http.body == nullptr ? 0 : request.http.body->read(buffer.data(), kChunk)) {
    upload->write(buffer.data(), size);
  }
  upload->commit();
  return native ? HttpResponse{} : json_reply("{}");
}

HttpResponse delete_artifact(App& app, const Request& request) {
  if (!app.config.serve_artifacts) return artifacts_disabled_reply(request);
  if (request.path_arguments.front().empty()) return html_error_reply(404);
  const std::string checked = checked_artifact_path(request.path_arguments.front());
  const std::string path = path_below_root(checked);
  if (path.empty()) {
    throw_invalid_parameter(
        "Invalid path: it names the whole artifact store, which cannot be deleted");
  }
  require_own_name(request.path_arguments.front());
  const ArtifactPlace place = app.artifact_roots.destination();
  if (const std::string last = last_segment(checked); last.empty() || last == ".") {
    // The name of a folder. MLflow empties it when it ends with a dot, and then fails.
    if (place.store->kind(path) != ArtifactKind::Directory) return json_reply("{}");
    if (last == ".") throw_invalid_parameter("Invalid path: a folder is deleted by its name");
  }
  place.store->remove(path);
  return json_reply("{}");
}

HttpResponse list_proxied_artifacts(App& app, const Request& request) {
  if (!app.config.serve_artifacts) return artifacts_disabled_reply(request);
  static constexpr std::array kParams{Param{.name = "path", .checked = false}};
  const Message message = request.decode(kParams);
  const ArtifactPlace place = app.artifact_roots.destination();
  std::string path;
  if (message.has("path")) {
    path = path_below_root(checked_artifact_path(message.text("path")));
    require_one_meaning(place, message.text("path"));
  }
  std::string body;
  JsonWriter writer(body, Layout::Pretty);
  writer.begin_object();
  write_files(writer, *place.store, path, "");
  writer.end_object();
  return json_reply(std::move(body));
}

}  // namespace handlers
}  // namespace millrace
