#include "api/rest/security.h"

#include <arpa/inet.h>
#include <fnmatch.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include "api/rest/reply.h"
#include "api/rest/routes.h"
#include "store/text/ascii.h"
#include "store/text/log_text.h"

namespace millrace {
namespace {

constexpr std::string_view kAllowedMethods = "GET, POST, PUT, DELETE, OPTIONS, PATCH";
constexpr std::string_view kAllMethods = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY";

bool all_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Python's fnmatch on a case-sensitive system: no escape character, '*' also matches '/'.
bool glob_matches(const std::string& pattern, std::string_view text) {
  return fnmatch(pattern.c_str(), std::string(text).c_str(), FNM_NOESCAPE) == 0;
}

// An entry of --allowed-hosts, of which an IPv6 address has no glob but *: with or without
// brackets, which a Host header always has.
std::string host_entry(std::string entry) {
  in6_addr address{};
  if (inet_pton(AF_INET6, entry.c_str(), &address) == 1) return "[" + entry + "]";
  const bool is_ipv6 =
      entry.starts_with('[') && entry.substr(0, entry.find(']')).find(':') != std::string::npos;
  if (is_ipv6 && entry.find('*') != std::string::npos) entry.replace(0, 1, "[[]");
  return entry;
}

bool entry_matches(const std::string& entry, std::string_view text) {
  return entry.find('*') == std::string::npos ? entry == text : glob_matches(entry, text);
}

bool contains(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

// A Host value without its port. Brackets of an IPv6 address stay: without them it is none.
std::string_view host_name(std::string_view host) {
  const auto bracket = host.find(']');
  const auto colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon == std::string_view::npos) return host;
  const std::string_view port = host.substr(colon + 1);
  return port.empty() || all_digits(port) ? host.substr(0, colon) : std::string_view();
}

bool is_private_address(const std::string& name) {
  in_addr v4{};
  if (inet_pton(AF_INET, name.c_str(), &v4) == 1) {
    const auto* b = reinterpret_cast<const unsigned char*>(&v4);
    return b[0] == 10 || (b[0] == 172 && b[1] >= 16 && b[1] <= 31) || (b[0] == 192 && b[1] == 168);
  }
  if (name.size() < 2 || name.front() != '[' || name.back() != ']') return false;
  in6_addr v6{};
  if (inet_pton(AF_INET6, name.substr(1, name.size() - 2).c_str(), &v6) != 1) return false;
  return (v6.s6_addr[0] & 0xFEU) == 0xFC;
}

// MLflow's default list holds globs such as `10.*`, which `10.evil.com` matches. Here a default
// matches an address.
bool default_host_allowed(std::string_view host) {
  static constexpr std::array<std::string_view, 4> kLocal{"localhost", "127.0.0.1", "[::1]",
                                                          "0.0.0.0"};
  const std::string_view name = host_name(host);
  return std::find(kLocal.begin(), kLocal.end(), name) != kLocal.end() ||
         is_private_address(std::string(name));
}

// urlparse(origin).hostname: lower-cased, without user and port.
std::string origin_hostname(std::string_view origin) {
  const auto slashes = origin.find("//");
  if (slashes == std::string_view::npos || (slashes > 0 && origin[slashes - 1] != ':')) return {};
  std::string_view netloc = origin.substr(slashes + 2);
  netloc = netloc.substr(0, netloc.find_first_of("/?#"));
  const auto at = netloc.rfind('@');
  if (at != std::string_view::npos) netloc.remove_prefix(at + 1);
  if (!netloc.empty() && netloc.front() == '[') {
    const auto end = netloc.find(']');
    return end == std::string_view::npos ? std::string() : ascii_lower(netloc.substr(1, end - 1));
  }
  return ascii_lower(netloc.substr(0, netloc.find(':')));
}

bool is_local_hostname(const std::string& hostname) {
  return hostname == "localhost" || hostname == "127.0.0.1" || hostname == "::1";
}

// ^http://(localhost|127.0.0.1|[::1])(:[0-9]+)?$
bool is_local_http_origin(std::string_view origin) {
  static constexpr std::array<std::string_view, 3> kHosts{"http://localhost", "http://127.0.0.1",
                                                          "http://[::1]"};
  return std::any_of(kHosts.begin(), kHosts.end(), [&](std::string_view host) {
    if (!origin.starts_with(host)) return false;
    const std::string_view rest = origin.substr(host.size());
    return rest.empty() || (rest.front() == ':' && all_digits(rest.substr(1)));
  });
}

bool is_listed_method(std::string_view list, std::string_view method) {
  for (std::string_view rest = list; !rest.empty();) {
    const auto comma = rest.find(", ");
    if (rest.substr(0, comma) == method) return true;
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 2);
  }
  return false;
}

// The answer of a middleware, which uvicorn sends in chunks because nobody names a length.
HttpResponse refusal(std::string text) {
  HttpResponse response = text_reply(403, "text/plain", std::move(text));
  response.headers.emplace_back("transfer-encoding", "chunked");
  return response;
}

// Reachable whatever the workspace header says.
bool is_server_info(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return path.ends_with("/mlflow/server-info");
}

bool is_blank(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isspace(c) != 0; });
}

}  // namespace

Security::Security(SecuritySettings settings)
    : settings_(std::move(settings)),
      any_origin_(contains(settings_.cors_allowed_origins, "*")),
      any_host_(contains(settings_.allowed_hosts, "*")) {
  for (std::string& entry : settings_.allowed_hosts) entry = host_entry(std::move(entry));
  std::transform(settings_.x_frame_options.begin(), settings_.x_frame_options.end(),
                 settings_.x_frame_options.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
}

bool Security::is_api_path(std::string_view path) const {
  if (path.starts_with("/api/2.0/mlflow-artifacts/artifacts") ||
      path.starts_with("/ajax-api/2.0/mlflow-artifacts/artifacts")) {
    return true;
  }
  if (!path.starts_with(settings_.static_prefix)) return false;
  path.remove_prefix(settings_.static_prefix.size());
  return (path.starts_with("/api/") || path.starts_with("/ajax-api/")) && path != "/api/test";
}

bool Security::host_allowed(std::string_view host) const {
  if (any_host_) return true;
  if (settings_.allowed_hosts.empty()) return default_host_allowed(host);
  return std::any_of(settings_.allowed_hosts.begin(), settings_.allowed_hosts.end(),
                     [&](const std::string& entry) { return entry_matches(entry, host); });
}

bool Security::origin_allowed(std::string_view origin) const {
  return any_origin_ || is_local_http_origin(origin) ||
         contains(settings_.cors_allowed_origins, origin);
}

bool Security::cross_origin_blocked(const HttpRequest& http, std::string_view path) const {
  const bool changes = http.method == "POST" || http.method == "PUT" || http.method == "DELETE" ||
                       http.method == "PATCH";
  const std::string* origin = http.header("origin");
  if (any_origin_ || !changes || origin == nullptr || origin->empty() || !is_api_path(path))
    return false;
  if (is_local_hostname(origin_hostname(*origin))) return false;
  return std::none_of(settings_.cors_allowed_origins.begin(), settings_.cors_allowed_origins.end(),
                      [&](const std::string& entry) { return entry_matches(entry, *origin); });
}

// MLflow's two, and our probes: an orchestrator asks by the address of a container, with the prefix
// and without.
bool Security::is_operation(std::string_view path) const {
  const std::string& prefix = settings_.static_prefix;
  if (path.starts_with(prefix + "/")) path.remove_prefix(prefix.size());
  static const std::vector<std::string_view> paths = [] {
    std::vector<std::string_view> found;
    for (const Route& row : routes()) {
      if (millrace::is_operation(row)) found.push_back(row.path);
    }
    return found;
  }();
  return std::find(paths.begin(), paths.end(), path) != paths.end();
}

std::optional<HttpResponse> Security::refuse(const HttpRequest& http, std::string_view path) const {
  const std::string* workspace = http.header("x-mlflow-workspace");
  if (workspace != nullptr && !is_blank(*workspace) && !is_server_info(path)) {
    return error_reply(
        Error(ErrorCode::FeatureDisabled,
              "Workspace APIs are not available: workspaces are not enabled on this server"),
        ErrorForm::Compact);
  }
  if (settings_.disabled) return std::nullopt;
  const std::string* host = http.header("host");
  const bool exempt = is_operation(path);
  if (!exempt && (host == nullptr || !host_allowed(*host))) {
    spdlog::warn(
        "Rejected request with invalid Host header: {}. To allow it, start the server with "
        "--allowed-hosts '{}'",
        log_text(host == nullptr ? "" : *host), log_text(host == nullptr ? "" : *host));
    return refusal("Invalid Host header - possible DNS rebinding attack detected");
  }
  const std::string* origin = http.header("origin");
  if (origin != nullptr && http.method == "OPTIONS" &&
      http.header("access-control-request-method") != nullptr) {
    return preflight(http, *origin);
  }
  if (origin != nullptr && cross_origin_blocked(http, path)) {
    spdlog::warn(
        "Blocked cross-origin request from {}. To allow it, start the server with "
        "--cors-allowed-origins '{}'",
        log_text(*origin), log_text(*origin));
    HttpResponse response = refusal("Cross-origin request blocked");
    add_cors_headers(http, Layer::Native, response);
    return response;
  }
  // Flask drops further leading slashes and then checks once more.
  while (path.starts_with("//")) path.remove_prefix(1);
  if (cross_origin_blocked(http, path)) {
    HttpResponse response =
        text_reply(403, "text/plain; charset=utf-8", "Cross-origin request blocked");
    add_headers(http, Layer::Classic, response);
    return response;
  }
  return std::nullopt;
}

HttpResponse Security::preflight(const HttpRequest& http, const std::string& origin) const {
  const std::string_view methods = any_origin_ ? kAllMethods : kAllowedMethods;
  HttpResponse response = text_reply(200, "text/plain; charset=utf-8", "OK");
  std::string failures;
  const auto fail = [&](std::string_view what) {
    failures += (failures.empty() ? "" : ", ") + std::string(what);
  };
  response.headers.emplace_back(
      "vary",
      "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, "
      "Access-Control-Request-Private-Network");
  if (any_origin_) {
    response.headers.emplace_back("access-control-allow-origin", "*");
  } else if (origin_allowed(origin)) {
    response.headers.emplace_back("access-control-allow-origin", origin);
  } else {
    fail("origin");
  }
  if (!is_listed_method(methods, *http.header("access-control-request-method"))) fail("method");
  if (http.header("access-control-request-private-network") != nullptr) fail("private-network");
  response.headers.emplace_back("access-control-allow-methods", methods);
  response.headers.emplace_back("access-control-max-age", "600");
  if (!any_origin_) response.headers.emplace_back("access-control-allow-credentials", "true");
  if (const std::string* names = http.header("access-control-request-headers")) {
    response.headers.emplace_back("access-control-allow-headers", *names);
  }
  if (!failures.empty()) {
    response.status = 400;
    response.body = "Disallowed CORS " + failures;
  }
  return response;
}

// Flask-CORS compares without regard to case, and sees several Origin headers as one with commas.
bool Security::flask_allows(const std::string& origin) const {
  const std::string lower = ascii_lower(origin);
  return any_origin_ || is_local_http_origin(lower) ||
         std::any_of(settings_.cors_allowed_origins.begin(), settings_.cors_allowed_origins.end(),
                     [&](const std::string& entry) { return ascii_lower(entry) == lower; });
}

// Two layers speak: Flask-CORS on classic replies, and then Starlette's CORSMiddleware on all.
void Security::add_cors_headers(const HttpRequest& http, Layer layer,
                                HttpResponse& response) const {
  std::string allow_origin;
  bool credentials = false;
  bool flask_vary = false;
  if (layer == Layer::Classic) {
    const std::string origin = joined_headers(http.headers, "origin");
    if (origin.empty() && !settings_.cors_allowed_origins.empty()) {
      // Without an origin all configured ones are sent, of which the last in order survives.
      allow_origin = any_origin_ ? "*"
                                 : *std::max_element(settings_.cors_allowed_origins.begin(),
                                                     settings_.cors_allowed_origins.end());
      credentials = flask_vary = !any_origin_;
    } else if (!origin.empty() && flask_allows(origin)) {
      allow_origin = origin;
      flask_vary = true;
      credentials = !any_origin_;
    }
  }
  if (const std::string* origin = http.header("origin")) {
    if (any_origin_)
      allow_origin = "*";
    else if (origin_allowed(*origin))
      allow_origin = *origin;
    credentials = !any_origin_;
    response.headers.emplace_back("access-control-expose-headers", "*");
  }
  if (!allow_origin.empty()) {
    response.headers.emplace_back("access-control-allow-origin", allow_origin);
  }
  if (credentials) response.headers.emplace_back("access-control-allow-credentials", "true");
  response.headers.emplace_back("vary", flask_vary ? "Origin, Origin" : "Origin");
}

void Security::add_headers(const HttpRequest& http, Layer layer, HttpResponse& response) const {
  if (settings_.disabled) return;
  if (find_header(response.headers, "x-content-type-options") == nullptr)
    response.headers.emplace_back("x-content-type-options", "nosniff");
  if (!settings_.x_frame_options.empty() && settings_.x_frame_options != "NONE") {
    response.headers.emplace_back("x-frame-options", settings_.x_frame_options);
  }
  add_cors_headers(http, layer, response);
}

}  // namespace millrace
