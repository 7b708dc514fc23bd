// The request target, decoded exactly as often as the stock server does: once for the path
// (uvicorn), once for each query argument (werkzeug).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace {

// Query arguments in order, names and values decoded; the same name may come several times.
using QueryArguments = std::vector<std::pair<std::string, std::string>>;

struct Target {
  std::string path;            // decoded once; an invalid UTF-8 sequence became U+FFFD
  std::string_view raw_query;  // behind the first '?'; points into the raw target
  std::string_view raw_path;
};

// Splits the raw target; '#' is a character like any other, as in uvicorn. An absolute-form target
// loses scheme and authority.
Target parse_target(std::string_view raw);

// werkzeug's Request.args: '&' separates, '+' is a blank, an undecodable %XX stays as it is.
QueryArguments parse_query(std::string_view raw_query);

}  // namespace millrace
