#include "store/schema/current_revision.h"

namespace millrace {
namespace {

void append_revision(const std::string& revision, std::string& result) {
  result.append(result.empty() ? "" : ",").append(revision);
}

}  // namespace

std::string current_revision(Session& session) {
  std::string result;
  session.each<std::string>(
      "SELECT version_num FROM alembic_version ORDER BY version_num", {},
      [&result](const std::string& revision) { append_revision(revision, result); });
  return result;
}

CurrentVersions current_versions(Session& session) {
  CurrentVersions result;
  using Number = std::optional<std::int64_t>;
  session.each<std::string, Number, Number>(
      "SELECT a.version_num, s.version, s.min_compatible FROM alembic_version a"
      " LEFT JOIN millrace_schema s ON s.id = 1 ORDER BY a.version_num",
      {}, [&result](const std::string& revision, const Number& version, const Number& least) {
        append_revision(revision, result.revision);
        if (version && least) {
          result.own = OwnSchema{static_cast<int>(*version), static_cast<int>(*least)};
        }
      });
  return result;
}

}  // namespace millrace
