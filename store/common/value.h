// A value bound to an SQL statement: NULL, integer, floating point or text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace millrace {

using Value = std::variant<std::monostate, std::int64_t, double, std::string>;
using Values = std::vector<Value>;

// NULL where there is nothing.
template <class T>
Value nullable(const std::optional<T>& value) {
  return value ? Value(*value) : Value();
}

}  // namespace millrace
