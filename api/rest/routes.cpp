#include "api/rest/routes.h"

#include <stdexcept>

#include "api/rest/app.h"
#include "api/rest/request.h"

namespace millrace {

namespace handlers {
// A handler may answer two rows, so it may be declared twice here.
#define ROUTE(method, version, path, surface, access, body, layer, handler) \
  HttpResponse handler(App& app, const Request& request);
#include "api/rest/routes.def"
#undef ROUTE
}  // namespace handlers

namespace {

constexpr Route kRoutes[] = {
#define ROUTE(method, version, path, surface, access, body, layer, handler)                  \
  {Method::method, Version::version,  path,    Surface::surface, Access::access, Body::body, \
   Layer::layer,   handlers::handler, #handler},
#include "api/rest/routes.def"
#undef ROUTE
};

std::string_view version_name(Version version) { return version == Version::V3 ? "3.0" : "2.0"; }

bool has_pattern(const Route& row) { return row.path.find('<') != std::string_view::npos; }

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

bool is_artifact_proxy(const Route& route) { return route.path.starts_with("/mlflow-artifacts/"); }

bool is_operation(const Route& route) {
  return route.surface == Surface::Root && route.access == Access::Public;
}

std::vector<std::string> probe_paths(std::string_view static_prefix) {
  std::vector<std::string> paths;
  for (const Route& row : kRoutes) {
    if (!is_operation(row) || row.layer != Layer::Native) continue;
    paths.push_back(full_paths(row, static_prefix).front());
    if (!static_prefix.empty()) paths.emplace_back(row.path);
  }
  return paths;
}

RouteIndex::RouteIndex(std::string_view static_prefix) {
  for (const Route& route : routes()) {
    for (const std::string& path : full_paths(route, static_prefix)) {
      Rows& rows = has_pattern(route) ? by_pattern_[path] : by_path_[path];
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

std::string_view FoundRoutes::rule(const Route& row) const {
  return has_pattern(row) ? pattern : path;
}

FoundRoutes RouteIndex::find(std::string_view path) const {
  FoundRoutes found;
  if (const auto rows = by_path_.find(std::string(path)); rows != by_path_.end()) {
    found.rows = rows->second;
    found.path = rows->first;
  }
  for (const auto& [pattern, rows] : by_pattern_) {
    auto arguments = match_pattern(pattern, path);
    if (!arguments) continue;
    found.rows.insert(found.rows.end(), rows.begin(), rows.end());
    found.arguments = std::move(*arguments);
    found.pattern = pattern;
  }
  return found;
}

std::optional<std::vector<std::string>> match_pattern(std::string_view pattern,
                                                      std::string_view path) {
  std::vector<std::string> arguments;
  while (true) {
    const std::size_t open = pattern.find('<');
    const std::string_view literal = pattern.substr(0, open);
    if (!path.starts_with(literal)) return std::nullopt;
    path.remove_prefix(literal.size());
    if (open == std::string_view::npos) break;
    const bool takes_all = pattern.substr(open).starts_with("<path:");
    pattern.remove_prefix(pattern.find('>', open) + 1);
    const std::string_view argument = takes_all ? path : path.substr(0, path.find('/'));
    if (argument.empty() && !takes_all) return std::nullopt;
    arguments.emplace_back(argument);
    path.remove_prefix(argument.size());
  }
  return path.empty() ? std::optional(std::move(arguments)) : std::nullopt;
}

std::string allowed_methods(const Rows& rows) {
  std::string allow = "OPTIONS";
  for (const Route* row : rows) {
    allow += ", " + std::string(method_name(row->method));
    if (row->method == Method::GET) allow += ", HEAD";
  }
  return allow;
}

const Route* row_for_method(const Rows& rows, std::string_view method) {
  for (const Route* row : rows) {
    if (method_name(row->method) == method || (method == "HEAD" && row->method == Method::GET))
      return row;
  }
  return nullptr;
}

}  // namespace millrace
