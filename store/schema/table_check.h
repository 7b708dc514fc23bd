// Whether the tables of a family are those that were recorded.
#pragma once

#include <string>

#include "store/db/administration.h"
#include "store/db/database.h"
#include "store/schema/family.h"

namespace millrace {

enum class TableUse { Reading, Writing };

// Why they cannot be used, or an empty text: a recorded table or column that is missing, or, for
// writing, a further column of a recorded table that must be given a value. Compares with all that
// is recorded, so that there is no second list of what Millrace uses. One statement.
std::string find_obstacle(Session& session, Dialect dialect, const SchemaFamily& family,
                          TableUse use);
// The same, as the end of a migration is verified.
std::string find_obstacle(Administration& db, const SchemaFamily& family, TableUse use);

}  // namespace millrace
