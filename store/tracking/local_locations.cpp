#include "store/tracking/local_locations.h"

#include <cstdint>

#include "store/records/tracking.h"

namespace millrace::tracking {

std::vector<std::string> local_artifact_locations(Work& work, std::size_t most) {
  std::vector<std::string> locations;
  work.each<std::string>(
      "SELECT e.artifact_location FROM experiments e WHERE e.lifecycle_stage = :stage"
      " AND (e.artifact_location LIKE :absolute OR e.artifact_location LIKE :file"
      " OR e.artifact_location NOT LIKE :scheme) LIMIT :most",
      {kActive, "/%", "file:%", "%:%", static_cast<std::int64_t>(most)},
      [&](std::string location) { locations.push_back(std::move(location)); });
  return locations;
}

}  // namespace millrace::tracking
