// Values in the words of graphql-core's errors.
#pragma once

#include <string>

#include "api/json/value.h"

namespace millrace::graphql {

// pyutils.inspect: repr() of a value, but of long texts the two ends, of long lists and objects the
// first five members and the last four, of what is nested deeper than two levels nothing.
std::string inspect(const Json& value);

}  // namespace millrace::graphql
