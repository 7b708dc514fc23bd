#include "api/commands/outside_locations.h"

#include <spdlog/spdlog.h>

#include "store/common/error.h"
#include "store/text/log_text.h"
#include "store/tracking/local_locations.h"

namespace millrace {
namespace {

constexpr std::size_t kMostExperiments = 10'000;

// "/a/mlruns" of "/a/mlruns/1".
std::string folder_above(std::string uri) {
  while (uri.size() > 1 && uri.ends_with('/')) uri.pop_back();
  const std::size_t slash = uri.rfind('/');
  const bool has_parent = slash != std::string::npos && slash > 0 && uri[slash - 1] != '/';
  return has_parent ? uri.substr(0, slash) : uri;
}

}  // namespace

OutsideLocations find_outside_locations(Db& tracking, const ArtifactRoots& roots,
                                        const std::stop_token& stop) {
  OutsideLocations found;
  const WorkOrder order{.load = Load::Large,
                        .is_abandoned = [&stop] { return stop.stop_requested(); }};
  const auto locations = tracking.read(order, tracking::local_artifact_locations, kMostExperiments);
  for (const std::string& location : locations) {
    if (stop.stop_requested()) break;
    if (!roots.is_outside(location)) continue;
    ++found.experiments;
    ++found.folders[folder_above(location)];
  }
  found.is_all = locations.size() < kMostExperiments;
  return found;
}

void warn_of_outside_locations(Db& tracking, const ArtifactRoots& roots,
                               const std::stop_token& stop) try {
  const OutsideLocations found = find_outside_locations(tracking, roots, stop);
  if (found.experiments == 0) return;
  spdlog::warn(
      "{}{} experiments have their artifacts in folders that are not served, as {}: each such "
      "folder needs --allowed-artifact-root. 'millrace db check' lists them.",
      found.is_all ? "" : "At least ", found.experiments, log_text(found.folders.begin()->first));
} catch (const Error& error) {
  spdlog::warn("Whether artifacts lie in folders that are not served is unknown: {}",
               error.message());
}

}  // namespace millrace
