#include "api/rest/dispatch.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cctype>

#include "api/rest/idempotency.h"
#include "api/rest/memory.h"
#include "api/rest/reply.h"
#include "api/rest/request.h"
#include "store/common/error.h"
#include "store/text/log_text.h"

namespace millrace {
namespace {

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

bool is_read(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

// Scheme and host as the client sees them. Trusted proxies are believed about the scheme.
std::string server_origin(const HttpRequest& http, const TrustedProxies& proxies) {
  const std::string* host = http.header("host");
  const std::string* proto =
      proxies.contains(http.peer) ? http.header("x-forwarded-proto") : nullptr;
  const bool https = proto != nullptr && (*proto == "https" || *proto == "http") ? *proto == "https"
                                                                                 : http.is_secure;
  return (https ? "https://" : "http://") + (host == nullptr ? std::string() : *host);
}

// The native layer has its routes of files outside the static prefix, where Flask has none.
bool is_without_prefix(const Route& row) { return row.path.ends_with('>'); }

// Flask's <path:...> begins with another character than a slash and has no line feed; the native
// layer takes anything.
bool flask_takes(const FoundRoutes& found) {
  if (found.pattern.find("<path:") == std::string_view::npos) return true;
  const std::string& last = found.arguments.back();
  return !last.empty() && last.front() != '/' && last.find('\n') == std::string::npos;
}

// What a server that runs with --artifacts-only has beside the routes that need no permission.
bool is_about_artifacts(const Route& row) {
  return row.access == Access::Public || row.path == "/" || is_artifact_proxy(row);
}

HttpResponse artifacts_only_reply(std::string_view rule) {
  return text_reply(503, kHtml,
                    "Endpoint: " + std::string(rule) +
                        " disabled due to the mlflow server running in `--artifacts-only` mode. To"
                        " enable tracking server functionality, run `mlflow server` without"
                        " `--artifacts-only`");
}

HttpResponse method_not_allowed(const Rows& rows) {
  HttpResponse response = html_error_reply(405);
  response.headers.emplace_back("allow", allowed_methods(rows));
  return response;
}

}  // namespace

Dispatch::Dispatch(App& app, SecuritySettings security)
    : app_(app),
      index_(app.config.static_prefix),
      proxies_("forwarded_allow_ips", app.config.forwarded_allow_ips),
      security_(std::move(security)) {
  limit_kept_memory();
}

HttpResponse Dispatch::operator()(HttpRequest& http) const {
  // Flask takes a method in any case, the native layer in capitals only.
  const bool in_capitals = std::none_of(http.method.begin(), http.method.end(),
                                        [](char c) { return c >= 'a' && c <= 'z'; });
  std::transform(http.method.begin(), http.method.end(), http.method.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  Target target = parse_target(http.target);
  if (auto refused = security_.refuse(http, target.path)) return std::move(*refused);
  Answer answer = route(http, std::move(target), in_capitals);
  security_.add_headers(http, answer.layer, answer.response);
  return std::move(answer.response);
}

Dispatch::Answer Dispatch::route(HttpRequest& http, Target target, bool in_capitals) const {
  // Absolute and asterisk form: no route begins like that. Nor does the native layer see further
  // than a line feed, but for one at the end.
  if (!target.path.starts_with('/') || target.path.find('\n') < target.path.size() - 1) {
    return {not_found_reply(), Layer::Native};
  }
  const bool exact = !target.path.starts_with("//");
  const std::string& prefix = app_.config.static_prefix;
  const bool bare = !prefix.empty() && !target.path.starts_with(prefix + "/");
  FoundRoutes found = index_.find((bare ? prefix : std::string()) +
                                  (exact ? target.path : single_leading_slash(target.path)));
  const Route* row = row_for_method(found.rows, http.method);
  const bool has_both_spellings = !found.rows.empty() && is_operation(*found.rows.front());
  // What the native layer does not match to the letter falls through to Flask.
  const bool is_native = row != nullptr && row->layer == Layer::Native && exact && in_capitals &&
                         http.method != "HEAD" &&
                         (prefix.empty() || has_both_spellings || bare == is_without_prefix(*row));
  if (!is_native && ((bare && !has_both_spellings) || found.rows.empty() || !flask_takes(found)))
    return {unknown_path(http, target), Layer::Classic};
  if (http.method == "OPTIONS") return {options(found.rows, target.path), Layer::Classic};
  if (row == nullptr) return {method_not_allowed(found.rows), Layer::Classic};
  const Layer layer = is_native ? Layer::Native : Layer::Classic;
  return {call(*row, {.http = http,
                      .target = std::move(target),
                      .layer = layer,
                      .rule = found.rule(*row),
                      .path_arguments = std::move(found.arguments),
                      .deadline = std::chrono::steady_clock::now() + app_.config.database_timeout}),
          layer};
}

HttpResponse Dispatch::call(const Route& row, const Request& request) const {
  if (app_.config.artifacts_only && !is_about_artifacts(row))
    return artifacts_only_reply(request.rule);
  HttpResponse response = answer(row, request);
  const std::uint64_t size = response.source == nullptr ? 0 : response.source->size();
  if (row.body == Body::JsonBody &&
      std::max<std::uint64_t>(size, request.body_size()) >= kLargeRequest)
    give_memory_back();
  return response;
}

HttpResponse Dispatch::answer(const Route& row, const Request& request) const {
  const ErrorForm form = request.layer == Layer::Native ? ErrorForm::Compact : ErrorForm::Spaced;
  try {
    return is_named_write(row, request.http) ? answer_once(app_, row, request)
                                             : row.handler(app_, request);
  } catch (const Error& error) {
    if (error_row(error.code()).http_status >= 500)
      spdlog::error("Error in {}: {}", row.handler_name, log_text(error.message()));
    return error_reply(error, form);
  } catch (const std::exception& error) {
    spdlog::error("Unexpected error in {}: {}", row.handler_name, log_text(error.what()));
    return error_reply(
        Error(ErrorCode::InternalError, "The server failed on this request; its log says why."),
        form);
  }
}

HttpResponse Dispatch::unknown_path(const HttpRequest& http, const Target& target) const {
  const std::string& prefix = app_.config.static_prefix;
  const std::string origin = server_origin(http, proxies_);
  const std::string query = target.raw_query.empty() ? "" : "?" + std::string(target.raw_query);
  if (!prefix.empty() && target.path == prefix && is_read(http.method)) {
    return redirect_reply(origin + prefix + "/" + query);
  }
  const std::string merged = merge_slashes(target.path);
  const FoundRoutes found = index_.find(merged);
  const Rows& rows = found.rows;
  if (merged == target.path || rows.empty() || !flask_takes(found)) return html_error_reply(404);
  if (http.method != "OPTIONS" && row_for_method(rows, http.method) == nullptr) {
    return method_not_allowed(rows);
  }
  return redirect_reply(origin + merged + query);
}

HttpResponse Dispatch::options(const Rows& rows, std::string_view path) const {
  HttpResponse response = text_reply(security_.empties_options(path) ? 204 : 200, kHtml, "");
  response.headers.emplace_back("allow", allowed_methods(rows));
  return response;
}

}  // namespace millrace
