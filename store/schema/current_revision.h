// What the database says of its own schema version.
#pragma once

#include <string>

#include "store/db/database.h"

namespace millrace {

// The revision of MLflow's schema that the table alembic_version holds; several in order with
// commas between them, empty without any. Throws where there is no such table.
std::string current_revision(Session& session);

}  // namespace millrace
