// What the database says of its own schema version.
#pragma once

#include <optional>
#include <string>

#include "store/db/database.h"
#include "store/schema/own_tables.h"

namespace millrace {

// The revision of MLflow's schema that the table alembic_version holds; several in order with
// commas between them, empty without any. Throws where there is no such table.
std::string current_revision(Session& session);

// That, and the version of our own tables, by one statement. Throws where a table is missing.
struct CurrentVersions {
  std::string revision;
  std::optional<OwnSchema> own;
};
CurrentVersions current_versions(Session& session);

}  // namespace millrace
