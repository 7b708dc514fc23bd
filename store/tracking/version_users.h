// Which registered versions need a run or a logged model. The tables are the registry's, which may
// lie in another database than the tracking tables.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "store/db/database.h"

namespace millrace::tracking {

// By id, the version that uses it: "version 3 of model 'x'".
using VersionUsers = std::map<std::string, std::string, std::less<>>;

// What is asked about: ids of runs and logged models, and the locations of their artifacts.
class UseQuestions {
 public:
  void add(const std::string& id, std::string artifact_uri);
  bool empty() const { return ids_.empty(); }

  // Looks at all versions that are not deleted, once, in time linear in them and in what was added.
  // A version needs the run that it names, and what its source or storage location lies in or names
  // by its id.
  VersionUsers answer(Work& registry) const;

 private:
  // What a source or location is compared with: an id as one of its names, a location as a folder
  // above it.
  std::map<std::string, std::string, std::less<>> ids_;        // id: itself
  std::map<std::string, std::string, std::less<>> locations_;  // location without last slashes: id
};

// The version that names this run, by an index: for a look at a single run.
std::optional<std::string> version_of_run(Work& registry, const std::string& run_id);

}  // namespace millrace::tracking
