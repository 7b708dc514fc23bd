#include "store/tracking/file_locations.h"

#include <map>

#include "store/db/sqlite/session.h"

namespace millrace {

void each_experiment_root_of_file(
    const std::string& path,
    const std::function<void(const std::string& uri, std::uint64_t experiments)>& location) {
  SqliteSession session(path, SqliteSession::Role::Reader);
  std::map<std::string, std::uint64_t> roots;
  session.each<std::optional<std::string>>(
      "SELECT e.artifact_location FROM experiments e", {},
      [&roots](std::optional<std::string> uri) {
        if (!uri || uri->empty()) return;
        while (uri->size() > 1 && uri->ends_with('/')) uri->pop_back();
        const std::size_t slash = uri->rfind('/');
        const bool has_parent = slash != std::string::npos && slash > 0 && (*uri)[slash - 1] != '/';
        ++roots[has_parent ? uri->substr(0, slash) : *uri];
      });
  for (const auto& [uri, experiments] : roots) location(uri, experiments);
}

}  // namespace millrace
