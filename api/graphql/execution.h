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

struct Result {
  Json data;  // null when nothing was run
  std::vector<std::string> errors;
};

// Throws INVALID_PARAMETER_VALUE for a query that cannot be parsed.
Result execute(const Request& request, const Limits& limits, const Resolver& resolver);

}  // namespace millrace::graphql
