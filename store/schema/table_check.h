// Whether a database of an unknown MLflow can be used.
#pragma once

#include <string>

#include "store/db/database.h"

namespace millrace {

// Why not, or an empty text: a recorded table or column that is missing, or a further column of a
// recorded table that must be given a value. Compares with all of the recorded schema, so that
// there is no second list of what Millrace uses.
std::string find_obstacle(Session& session, Dialect dialect);

}  // namespace millrace
