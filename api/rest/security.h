// The checks that stand in front of every route, in MLflow's order: workspace header, Host, CORS
// preflight, cross-origin block; and the headers that they put on every reply behind them
// (mlflow.server.fastapi_security).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/exchange.h"
#include "api/rest/routes.h"

namespace millrace {

struct SecuritySettings {
  std::vector<std::string> allowed_hosts;         // empty: MLflow's defaults
  std::vector<std::string> cors_allowed_origins;  // exact origins or globs; "*" allows all
  bool disabled = false;                          // --disable-security-middleware
  std::string x_frame_options = "SAMEORIGIN";     // "NONE" or empty: no header
  std::string static_prefix;
};

class Security {
 public:
  explicit Security(SecuritySettings settings);

  // The reply to a request that must not reach a route, or nothing. `path` is decoded.
  std::optional<HttpResponse> refuse(const HttpRequest& http, std::string_view path) const;

  // Adds nosniff, x-frame-options and the CORS headers. MLflow's Flask routes add their own CORS
  // headers beside those of the outer layer, native routes do not.
  void add_headers(const HttpRequest& http, Layer layer, HttpResponse& response) const;

  // Whether OPTIONS on the path is answered with 204 instead of 200.
  bool empties_options(std::string_view path) const {
    return !settings_.disabled && is_api_path(path);
  }

 private:
  // Whether the path is below /api/ or /ajax-api/, behind the static prefix.
  bool is_api_path(std::string_view path) const;
  bool host_allowed(std::string_view host) const;
  bool is_operation(std::string_view path) const;
  bool origin_allowed(std::string_view origin) const;
  bool flask_allows(const std::string& origin) const;
  bool cross_origin_blocked(const HttpRequest& http, std::string_view path) const;
  HttpResponse preflight(const HttpRequest& http, const std::string& origin) const;
  void add_cors_headers(const HttpRequest& http, Layer layer, HttpResponse& response) const;

  SecuritySettings settings_;
  bool any_origin_;
  bool any_host_;
};

}  // namespace millrace
