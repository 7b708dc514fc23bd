// What was recorded from the real MLflow (scripts/record_schema), taken apart.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "store/common/sql_dialect.h"

namespace millrace {

// A version of MLflow's schema. `release` is the first MLflow release that had it, or empty.
struct Revision {
  std::string_view id;
  std::string_view release;
};

// The recorded revision with that id, if there is one.
std::optional<Revision> find_revision(std::string_view id);

// The newest one, which Millrace needs.
std::string_view head_revision();

// The statements that make a fresh database of that dialect, in order. On MySQL the definitions
// come first, then the rows, the revision's as the last.
std::vector<std::string_view> recorded_statements(Dialect dialect);

}  // namespace millrace
