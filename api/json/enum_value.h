// Enums of protobuf messages as JSON has them.
#pragma once

#include <cstdint>
#include <string_view>

namespace millrace {

// A value of a protobuf enum, by its name and its number.
struct EnumValue {
  std::string_view name;
  std::int64_t number;
};

}  // namespace millrace
