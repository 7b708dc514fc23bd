// What was recorded from the real MLflow (scripts/record_schema), taken apart.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

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

// The statements that make a fresh SQLite database, in order.
std::vector<std::string_view> recorded_statements();

}  // namespace millrace
