#include "api/routes.h"

#include <stdexcept>

#include "api/app.h"
#include "api/request.h"

namespace millrace {

namespace handlers {
// A handler may answer two rows, so it may be declared twice here.
#define ROUTE(method, version, path, surface, access, body, layer, handler) \
  HttpResponse handler(App& app, const Request& request);
#include "api/routes.def"
#undef ROUTE
}  // namespace handlers

namespace {

constexpr Route kRoutes[] = {
#define ROUTE(method, version, path, surface, access, body, layer, handler)                  \
  {Method::method, Version::version,  path,    Surface::surface, Access::access, Body::body, \
   Layer::layer,   handlers::handler, #handler},
#include "api/routes.def"
#undef ROUTE
};

std::string_view version_name(Version version) { return version == Version::V3 ? "3.0" : "2.0"; }

}  // namespace

std::span<const Route> routes() { return kRoutes; }

std::string_view method_name(Method method) {
  switch (method) {
    case Method::GET:
      return "GET";
    case Method::POST:
      return "POST";
    case Method::PUT:
      return "PUT";
    case Method::PATCH:
      return "PATCH";
    case Method::DELETE:
      return "DELETE";
  }
  return "";
}

std::vector<std::string> full_paths(const Route& route, std::string_view static_prefix) {
  const std::string prefix(static_prefix);
  const std::string path(route.path);
  if (route.surface == Surface::Root) return {prefix + path};
  const std::string versioned = "/" + std::string(version_name(route.version)) + path;
  if (route.surface == Surface::Ajax) return {prefix + "/ajax-api" + versioned};
  return {prefix + "/api" + versioned, prefix + "/ajax-api" + versioned};
}

RouteIndex::RouteIndex(std::string_view static_prefix) {
  for (const Route& route : routes()) {
    for (const std::string& path : full_paths(route, static_prefix)) {
      auto& rows = by_path_[path];
      for (const Route* other : rows) {
        if (other->method == route.method) {
          throw std::logic_error("routes.def declares " + std::string(method_name(route.method)) +
                                 " " + path + " twice");
        }
      }
      rows.push_back(&route);
    }
  }
}

const std::vector<const Route*>* RouteIndex::find(const std::string& path) const {
  const auto found = by_path_.find(path);
  return found == by_path_.end() ? nullptr : &found->second;
}

std::string allowed_methods(const std::vector<const Route*>& rows) {
  std::string allow = "OPTIONS";
  for (const Route* row : rows) {
    allow += ", " + std::string(method_name(row->method));
    if (row->method == Method::GET) allow += ", HEAD";
  }
  return allow;
}

const Route* row_for_method(const std::vector<const Route*>& rows, std::string_view method) {
  for (const Route* row : rows) {
    if (method_name(row->method) == method || (method == "HEAD" && row->method == Method::GET))
      return row;
  }
  return nullptr;
}

}  // namespace millrace
