// The limits that keep one query from asking for much (graphql_no_batching.check_query_safety).
#pragma once

#include <optional>
#include <string>

#include "api/graphql/document.h"

namespace millrace::graphql {

struct Limits {
  std::size_t root_fields = 10;
  std::size_t aliases = 10;  // on one level
};

// The text of the first limit that the document breaks: depth, selections, root fields, aliases.
std::optional<std::string> broken_limit(const Document& document, const Limits& limits);

}  // namespace millrace::graphql
