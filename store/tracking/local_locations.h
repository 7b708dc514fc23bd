// Experiments whose artifacts lie in folders of some machine, and not behind a proxy or in an
// object store.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "store/db/database.h"

namespace millrace::tracking {

// The artifact locations of active experiments that have no scheme or "file:", in no order; no more
// than `most` of them, by one statement.
std::vector<std::string> local_artifact_locations(Work& work, std::size_t most);

}  // namespace millrace::tracking
