#include "store/tracking/version_users.h"

#include <algorithm>
#include <utility>

namespace millrace::tracking {
namespace {

using Text = std::optional<std::string>;

std::string quoted_version(const std::string& name, std::int64_t version) {
  return "version " + std::to_string(version) + " of model '" + name + "'";
}

// Calls `part` for the location itself and each folder that it lies in, and `segment` for each of
// its names.
template <class Part, class Segment>
void take_apart(std::string_view location, Part part, Segment segment) {
  std::size_t begin = 0;
  while (begin <= location.size()) {
    const std::size_t end = std::min(location.find_first_of("/?#", begin), location.size());
    segment(location.substr(begin, end - begin));
    part(location.substr(0, end));
    begin = end + 1;
  }
}

}  // namespace

void UseQuestions::add(const std::string& id, std::string artifact_uri) {
  ids_.emplace(id, id);
  while (artifact_uri.ends_with('/')) artifact_uri.pop_back();
  if (!artifact_uri.empty()) locations_.emplace(std::move(artifact_uri), id);
}

VersionUsers UseQuestions::answer(Work& registry) const {
  VersionUsers used;
  registry.each<std::string, std::int64_t, Text, Text, Text>(
      "SELECT v.name, v.version, v.source, v.storage_location, v.run_id FROM model_versions v"
      " WHERE v.current_stage IS NULL OR v.current_stage <> 'Deleted_Internal'",
      {},
      [&](const std::string& name, std::int64_t version, const Text& source, const Text& storage,
          const Text& run_id) {
        const auto mark = [&](const auto& known, std::string_view text) {
          const auto found = known.find(text);
          if (found != known.end()) used.emplace(found->second, quoted_version(name, version));
        };
        const auto mark_id = [&](std::string_view text) { mark(ids_, text); };
        const auto mark_location = [&](std::string_view text) { mark(locations_, text); };
        if (run_id) mark_id(*run_id);
        if (source) take_apart(*source, mark_location, mark_id);
        if (storage) take_apart(*storage, mark_location, mark_id);
      });
  return used;
}

std::optional<std::string> version_of_run(Work& registry, const std::string& run_id) {
  const auto row = registry.first<std::string, std::int64_t>(
      "SELECT v.name, v.version FROM model_versions v WHERE v.run_id = :run_id"
      " AND (v.current_stage IS NULL OR v.current_stage <> 'Deleted_Internal')"
      " ORDER BY v.name, v.version LIMIT 1",
      {run_id});
  if (!row) return std::nullopt;
  return quoted_version(std::get<0>(*row), std::get<1>(*row));
}

}  // namespace millrace::tracking
