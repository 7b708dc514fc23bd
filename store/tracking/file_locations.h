// Where the artifacts lie that a database file names.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace millrace {

// Calls `location(uri, experiments)` for each folder in which experiments of the SQLite file at
// `path`, which no server uses, have folders of their own, and how many have. "/a/mlruns" stands
// for /a/mlruns/1 and /a/mlruns/2. Deleted experiments count. Changes nothing.
void each_experiment_root_of_file(
    const std::string& path,
    const std::function<void(const std::string& uri, std::uint64_t experiments)>& location);

}  // namespace millrace
