// The tables that are Millrace's own.
#pragma once

#include "store/db/database.h"

namespace millrace {

// Creates those that are missing; called once at start, after prepare_schema. They are named
// millrace_*, so that detach() finds them, and refer to none of MLflow's, which so stay free to
// change. Throws Error when the database refuses: without them nothing can be written.
void create_own_tables(Db& db);

}  // namespace millrace
