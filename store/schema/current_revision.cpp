#include "store/schema/current_revision.h"

namespace millrace {

std::string current_revision(Session& session) {
  std::string result;
  session.each<std::string>("SELECT version_num FROM alembic_version ORDER BY version_num", {},
                            [&result](const std::string& revision) {
                              result.append(result.empty() ? "" : ",").append(revision);
                            });
  return result;
}

}  // namespace millrace
