#include "api/dispatch.h"

#include <spdlog/spdlog.h>

#include "api/reply.h"
#include "api/request.h"
#include "store/common/error.h"

namespace millrace {
namespace {

constexpr std::string_view kHtml = "text/html; charset=utf-8";

// werkzeug drops what leads beyond the first slash before it looks at the rules.
std::string single_leading_slash(std::string path) {
  const auto first = path.find_first_not_of('/');
  if (first == std::string::npos) return path.empty() ? path : "/";
  if (first > 1) path.erase(0, first - 1);
  return path;
}

std::string merge_slashes(const std::string& path) {
  std::string merged;
  for (const char c : path) {
    if (c != '/' || merged.empty() || merged.back() != '/') merged += c;
  }
  return merged;
}

}  // namespace

Dispatch::Dispatch(App& app, SecuritySettings security)
    : app_(app), index_(app.config.static_prefix), security_(std::move(security)) {}

HttpResponse Dispatch::operator()(HttpRequest& http) const {
  Target target = parse_target(http.target);
  if (auto refused = security_.refuse(http, target.path)) return std::move(*refused);
  Layer layer = Layer::Classic;
  HttpResponse response = route(http, std::move(target), layer);
  security_.add_headers(http, layer, response);
  return response;
}

HttpResponse Dispatch::route(HttpRequest& http, Target target, Layer& layer) const {
  const bool exact = !target.path.starts_with("//");
  const auto* rows = index_.find(exact ? target.path : single_leading_slash(target.path));
  if (rows == nullptr) return unknown_path(http, target);
  if (http.method == "OPTIONS") return options(*rows, target.path);
  const Route* row = row_for_method(*rows, http.method);
  if (row == nullptr) {
    HttpResponse response = html_error_reply(405);
    response.headers.emplace_back("allow", allowed_methods(*rows));
    return response;
  }
  const bool native = row->layer == Layer::Native && http.method != "HEAD" && exact;
  if (native) layer = Layer::Native;
  const Request request{http, std::move(target), native};
  return call(*row, request);
}

HttpResponse Dispatch::call(const Route& row, const Request& request) const {
  const ErrorForm form = request.native ? ErrorForm::Compact : ErrorForm::Spaced;
  try {
    return row.handler(app_, request);
  } catch (const Error& error) {
    if (error_row(error.code()).http_status >= 500)
      spdlog::error("Error in {}: {}", row.handler_name, error.what());
    return error_reply(error, form);
  } catch (const std::exception& error) {
    spdlog::error("Unexpected error in {}: {}", row.handler_name, error.what());
    return error_reply(
        Error(ErrorCode::InternalError, "The server failed on this request; its log says why."),
        form);
  }
}

HttpResponse Dispatch::unknown_path(const HttpRequest& http, const Target& target) const {
  const std::string& prefix = app_.config.static_prefix;
  const std::string* host = http.header("host");
  const std::string origin = "http://" + (host == nullptr ? std::string() : *host);
  const std::string query = target.raw_query.empty() ? "" : "?" + std::string(target.raw_query);
  if (!prefix.empty() && target.path == prefix)
    return redirect_reply(origin + prefix + "/" + query);
  const std::string merged = merge_slashes(target.path);
  const auto* rows = merged == target.path ? nullptr : index_.find(merged);
  if (rows == nullptr) return html_error_reply(404);
  if (http.method != "OPTIONS" && row_for_method(*rows, http.method) == nullptr) {
    HttpResponse response = html_error_reply(405);
    response.headers.emplace_back("allow", allowed_methods(*rows));
    return response;
  }
  return redirect_reply(origin + merged + query);
}

HttpResponse Dispatch::options(const std::vector<const Route*>& rows, std::string_view path) const {
  HttpResponse response = text_reply(security_.is_api_path(path) ? 204 : 200, kHtml, "");
  response.headers.emplace_back("allow", allowed_methods(rows));
  return response;
}

}  // namespace millrace
