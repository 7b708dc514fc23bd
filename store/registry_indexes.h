// The indexes that MLflow's schema lacks for the reads and searches of the registry.
#pragma once

#include "store/db.h"

namespace millrace {

// Creates those that are missing; called once at start, after prepare_schema. They are named
// millrace_*, so that detach() finds them.
void create_registry_indexes(Db& db);

}  // namespace millrace
