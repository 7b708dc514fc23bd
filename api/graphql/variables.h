// The values of an operation's variables and of a field's arguments.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "api/graphql/schema.h"
#include "api/json/value.h"

namespace millrace::graphql {

using Variables = std::map<std::string, Json>;

// The variables as their types want them, input fields under their snake_case names; one that is
// neither given nor has a default is left out. What does not fit goes to `errors`; throws
// INVALID_PARAMETER_VALUE behind the 50th of them.
Variables coerce_variables(const Operation& operation, const Json& given,
                           std::vector<std::string>& errors);

// A valid literal of this type, likewise. Throws INVALID_PARAMETER_VALUE for a list of more than 16
// MiB, which can name the same variable at every place.
Json literal_value(const Value& value, const TypeReference& type, const Variables& variables);

}  // namespace millrace::graphql
