// Multipart transfers and presigned URLs (server.md section 2.3): folders of this machine have
// neither, so each of these ends with a refusal, after the checks that MLflow makes first.
#include <array>

#include "api/handlers/artifacts.h"
#include "api/rest/app.h"
#include "api/rest/reply.h"
#include "artifacts/path_rules.h"
#include "store/common/error.h"
#include "store/text/uri.h"
#include "store/tracking/logged_models.h"
#include "store/tracking/runs.h"

namespace millrace::handlers {
namespace {

constexpr std::array kPartParams{Param{"part_number", Kind::Int64}, Param{"etag"}, Param{"url"}};
constexpr std::int64_t kLongestExpiration = 604'800;  // seconds

[[noreturn]] void refuse_multipart(std::string_view direction) {
  throw Error(ErrorCode::NotImplemented,
              "Multipart " + std::string(direction) +
                  " is not supported for the current artifact repository");
}

HttpResponse multipart(App& app, const Request& request, std::span<const Param> params) {
  if (!app.config.serve_artifacts) return artifacts_disabled_reply(request);
  checked_artifact_path(request.path_arguments.front());
  request.decode(params);
  refuse_multipart("upload");
}

// `uri` is where the artifact lies, the texts complete MLflow's sentences.
[[noreturn]] void refuse_presigned(const std::string& uri, const std::string& direction,
                                   const std::string& storage, const std::string& remedy) {
  if (is_proxy_uri(uri)) {
    throw_invalid_parameter("Presigned " + direction + " is not supported for " + storage +
                            " (artifact URI scheme: " + split_uri(uri).scheme +
                            "). This endpoint requires " + remedy);
  }
  throw Error(ErrorCode::NotImplemented,
              "Presigned " + direction + " is not supported for the current artifact repository");
}

}  // namespace

HttpResponse create_multipart_upload(App& app, const Request& request) {
  static constexpr std::array kParams{required("path"), Param{"num_parts", Kind::Int64}};
  return multipart(app, request, kParams);
}

HttpResponse complete_multipart_upload(App& app, const Request& request) {
  static constexpr std::array kParams{required("path"), Param{"upload_id"},
                                      Param{.name = "parts",
                                            .kind = Kind::Messages,
                                            .required = true,
                                            .fields = kPartParams,
                                            .required_first = true}};
  return multipart(app, request, kParams);
}

HttpResponse abort_multipart_upload(App& app, const Request& request) {
  static constexpr std::array kParams{required("path"), Param{"upload_id"}};
  return multipart(app, request, kParams);
}

HttpResponse get_presigned_download_url(App& app, const Request& request) {
  if (!app.config.serve_artifacts) return artifacts_disabled_reply(request);
  checked_artifact_path(request.path_arguments.front());
  refuse_multipart("download");
}

HttpResponse create_presigned_upload_url(App& app, const Request& request) {
  static constexpr std::array kParams{Param{"run_id"}, Param{"model_id"}, required("path"),
                                      Param{"expiration", Kind::Int64}};
  const Message message = request.decode(kParams);
  const std::string& run_id = message.text("run_id");
  const std::string& model_id = message.text("model_id");
  if (run_id.empty() == model_id.empty())
    throw_invalid_parameter("Exactly one of run_id and model_id must be provided.");
  checked_artifact_path(message.text("path"));
  const std::string uri =
      run_id.empty()
          ? app.tracking.read(request.order(), tracking::get_logged_model, model_id, false)
                .artifact_location
          : app.tracking.read(request.order(), tracking::get_run, run_id).info.artifact_uri;
  refuse_presigned(uri, "upload", "proxied artifact storage",
                   "a direct cloud storage artifact URI.");
}

HttpResponse create_presigned_download_url(App& app, const Request& request) {
  static constexpr std::array kParams{required("run_id"), required("path"),
                                      Param{"expiration", Kind::Int64}};
  const Message message = request.decode(kParams);
  checked_artifact_path(message.text("path"));
  const std::int64_t expiration = message.integer("expiration", 900);
  if (expiration < 1 || expiration > kLongestExpiration) {
    throw_invalid_parameter("expiration must be between 1 and 604800 seconds (got " +
                            std::to_string(expiration) + ").");
  }
  refuse_presigned(app.tracking.read(request.order(), tracking::get_run, message.text("run_id"))
                       .info.artifact_uri,
                   "download", "runs with proxied artifact storage",
                   "a run with a direct cloud storage artifact URI.");
}

}  // namespace millrace::handlers
