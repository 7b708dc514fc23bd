// Health, version, what the server can do, and the page at "/".
#include "api/rest/app.h"
#include "api/rest/reply.h"
#include "api/rest/request.h"

namespace millrace::handlers {

HttpResponse get_health(App&, const Request& request) {
  return text_reply(200, request.layer == Layer::Native ? "text/plain; charset=utf-8" : kHtml,
                    "OK");
}

// Ours alone: whether it makes sense to let this process run on.
HttpResponse get_liveness(App& app, const Request& request) {
  const std::string_view lost = app.readiness.lost();
  if (lost.empty()) return get_health(app, request);
  return text_reply(503, "text/plain; charset=utf-8",
                    "The " + std::string(lost) + " was removed or replaced.");
}

// Ours alone. Names what fails and no more: anybody may ask.
HttpResponse get_readiness(App& app, const Request&) {
  const Readiness::Result result = app.readiness.result();
  HttpResponse response = json_reply(R"({"status":"ready"})");
  if (!result.ready()) {
    response.status = 503;
    response.body = R"({"status":"not ready","failed":")";
    response.body.append(result.name).append(" ").append(result.problem).append("\"}");
  }
  response.headers.emplace_back("cache-control", "no-store");
  return response;
}

// Clients decide by this which features the server has, so it is MLflow's version and not ours.
HttpResponse get_version(App&, const Request&) { return text_reply(200, kHtml, kMlflowVersion); }

HttpResponse get_server_info(App& app, const Request& request) {
  std::string body =
      R"({"store_type":"SqlStore","workspaces_enabled":false,"trace_archival_enabled":false,)"
      R"("multipart_uploads_enabled":false,"multipart_downloads_enabled":false,)"
      R"("presigned_upload_run_id_supported":true,"presigned_upload_model_id_supported":true,)"
      R"("features_enabled":{"gateway":)";
  body += app.config.ai_gateway_enabled ? "true}}" : "false}}";
  // Flask, which answers HEAD, ends its JSON with a line feed.
  if (request.layer == Layer::Classic) body += "\n";
  return json_reply(std::move(body));
}

HttpResponse get_status_page(App&, const Request&) {
  std::string page =
      "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Millrace</title>\n"
      "<style>body{font:16px/1.5 sans-serif;max-width:40em;margin:4em auto;padding:0 1em}</style>\n"
      "<h1>Millrace ";
  page.append(kMillraceVersion)
      .append("</h1>\n<p>This model registry server is up. It speaks the REST API of MLflow ");
  page.append(kMlflowVersion)
      .append(
          ".</p>\n<p>Point your clients here: <code>export MLFLOW_TRACKING_URI=&lt;this "
          "address&gt;</code></p>\n"
          "<p>Probes: <a href=\"health\">health</a>, <a "
          "href=\"readyz\">readyz</a>.</p>\n</html>\n");
  HttpResponse response = text_reply(200, kHtml, std::move(page));
  response.headers.emplace_back("cache-control", "no-cache");
  return response;
}

}  // namespace millrace::handlers
