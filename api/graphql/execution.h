// The room api/graphql: the GraphQL language: documents, their limits, validation and execution
// over resolvers that it is given. May use api/json. Knows no store.
//
// Runs a query: what the resolvers answer in the form of the REST answers, cut to what was asked
// for.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "api/graphql/limits.h"
#include "api/json/value.h"

namespace millrace::graphql {

// The answer behind a field that is not simply a member of its parent's: `type` and `field` name it
// (Query mlflowGetRun, MlflowRunExtension experiment, ...), `argument` is its argument `input` with
// snake_case names (a string for the test fields), or the parent's answer. Throws Error, whose
// message becomes an entry of `errors`.
using Resolver =
    std::function<Json(const std::string& type, const std::string& field, const Json& argument)>;

struct Request {
  std::string query;
  Json variables = Json::object();
  std::optional<std::string> operation_name;
};

// Appends {"data": ..., "errors": ...} to `out` as it is made; `data` is null when nothing was run,
// `errors` when there are none. Calls `on_progress` behind each object and each error: it may take
// away what is in `out` by then, and what it throws ends all. Throws INVALID_PARAMETER_VALUE for a
// query that cannot be parsed, before it has written anything.
void execute(const Request& request, const Limits& limits, const Resolver& resolver,
             std::string& out, const std::function<void()>& on_progress);

}  // namespace millrace::graphql
