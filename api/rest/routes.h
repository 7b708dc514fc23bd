// The room api/rest: the table of endpoints and the one road that each request takes: security, the
// row, decoding, the handler, the reply. The only catch of errors. May use api/http, api/json,
// api/rules, the settings and the stores. Knows the handlers by the names in the table alone, and
// no entity.
//
// The endpoints: api/rest/routes.def as an array, expanded to full paths, and found by a hash of
// the path, or by its pattern where it has <name> for a part without a slash or ends with
// <path:name>, which is whatever is left.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/http/exchange.h"

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

// Whether the route is about files that the server keeps for its clients.
bool is_artifact_proxy(const Route& route);

// The full paths of a route behind the static prefix ("" or "/p").
std::vector<std::string> full_paths(const Route& route, std::string_view static_prefix);

// Whether the route is for who operates the server: /health, /livez, /readyz, /version, in the
// table what is public at the root. These answer without the static prefix, too: who asks them does
// not come through the proxy that needs it.
bool is_operation(const Route& route);

// The paths of the probes, in both spellings: the operations that the native layer answers.
std::vector<std::string> probe_paths(std::string_view static_prefix);

using Rows = std::vector<const Route*>;

// The rows of one path, those without a pattern first; none when it is unknown.
struct FoundRoutes {
  Rows rows;
  std::vector<std::string> arguments;  // what the <...> stand for in the rows with a pattern
  std::string_view path;               // as the rows without a pattern spell it; "" without such
  std::string_view pattern;            // of the others; "" without such

  // The path or pattern of one of the rows.
  std::string_view rule(const Route& row) const;
};

// Finds rows by path.
class RouteIndex {
 public:
  // Throws std::logic_error when two rows claim one method and path.
  explicit RouteIndex(std::string_view static_prefix);

  FoundRoutes find(std::string_view path) const;

 private:
  std::unordered_map<std::string, Rows> by_path_;
  std::unordered_map<std::string, Rows> by_pattern_;
};

// What the <...> of `pattern` stand for in `path`; nothing if it does not match.
std::optional<std::vector<std::string>> match_pattern(std::string_view pattern,
                                                      std::string_view path);

// The value of the Allow header for the rows of one path, as Flask builds it: HEAD beside GET, and
// OPTIONS.
std::string allowed_methods(const Rows& rows);

// The row that answers `method`, HEAD by the GET row; nullptr when none does.
const Route* row_for_method(const Rows& rows, std::string_view method);

}  // namespace millrace
