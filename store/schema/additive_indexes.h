// The indexes that MLflow's schema lacks for its reads and searches.
#pragma once

#include "store/db/database.h"

namespace millrace {

// Creates those that are missing, unless the database refuses writes; called once at start, after
// prepare_schema. They are named
// millrace_*, so that detach() finds them. When the database refuses, that is a warning only:
// the searches are right without them.
void create_additive_indexes(Db& db);

}  // namespace millrace
