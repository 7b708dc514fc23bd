#include "store/schema/file_revision.h"

#include "store/db/sqlite/session.h"
#include "store/schema/current_revision.h"
#include "store/schema/mlflow_family.h"

namespace millrace {

std::string known_revision_of_file(const std::string& path) {
  SqliteSession session(path, SqliteSession::Role::Reader);
  const auto tables = session.first<std::int64_t>(
      "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'alembic_version'");
  std::string revision = std::get<0>(tables.value()) == 0 ? "" : current_revision(session);
  require_known_revision(revision);
  return revision;
}

void require_known_revision(const std::string& revision) {
  if (revision.empty()) {
    throw Error(ErrorCode::InvalidState, "The database holds no schema of MLflow's.");
  }
  if (!find_revision(mlflow_family(), revision)) {
    throw Error(ErrorCode::InvalidState,
                "The database has the schema revision " + revision +
                    ", which this Millrace does not know: it was made by a newer MLflow.");
  }
}

}  // namespace millrace
