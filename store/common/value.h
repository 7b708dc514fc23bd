// A value bound to an SQL statement: NULL, integer, floating point or text.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace millrace {

using Value = std::variant<std::monostate, std::int64_t, double, std::string>;
using Values = std::vector<Value>;

}  // namespace millrace
