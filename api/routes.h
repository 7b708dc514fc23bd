// The endpoints: api/routes.def as an array, expanded to full paths, and found by a hash of the
// path.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/http.h"

namespace millrace {

struct App;
struct Request;

using Handler = HttpResponse (*)(App&, const Request&);

enum class Method { GET, POST, PUT, PATCH, DELETE };
enum class Version { NoVersion, V2, V3 };
enum class Surface { Api, Ajax, Root };
enum class Access { Public, Create, Read, Update, Delete };
enum class Body { NoBody, JsonBody, StreamBody };
enum class Layer { Classic, Native };

// One line of the table.
struct Route {
  Method method;
  Version version;
  std::string_view path;
  Surface surface;
  Access access;
  Body body;
  Layer layer;
  Handler handler;
  std::string_view handler_name;
};

std::span<const Route> routes();

std::string_view method_name(Method method);

// The full paths of a route behind the static prefix ("" or "/p").
std::vector<std::string> full_paths(const Route& route, std::string_view static_prefix);

// Finds rows by path.
class RouteIndex {
 public:
  // Throws std::logic_error when two rows claim one method and path.
  explicit RouteIndex(std::string_view static_prefix);

  // The rows of a path, or nullptr when it is unknown.
  const std::vector<const Route*>* find(const std::string& path) const;

 private:
  std::unordered_map<std::string, std::vector<const Route*>> by_path_;
};

// The value of the Allow header for the rows of one path, as Flask builds it: HEAD beside GET, and
// OPTIONS.
std::string allowed_methods(const std::vector<const Route*>& rows);

// The row that answers `method`, HEAD by the GET row; nullptr when none does.
const Route* row_for_method(const std::vector<const Route*>& rows, std::string_view method);

}  // namespace millrace
