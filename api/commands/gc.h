// `millrace gc`: what `mlflow gc` does. Deleted runs, experiments and logged models go for good,
// with their artifacts, unless a registered version still uses them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/http/http_client.h"
#include "api/settings/config.h"

namespace millrace {

struct GcOptions {
  std::string older_than;  // as it was given, for messages
  std::int64_t age_ms = 0;
  std::optional<std::vector<std::string>> run_ids;
  std::optional<std::vector<std::string>> experiment_ids;
  std::optional<std::vector<std::string>> logged_model_ids;
  bool dry_run = false;
  // Whether these two of Config's are not just defaults.
  bool registry_given = false;
  bool destination_given = false;
  HttpTarget server;  // of --tracking-uri; its url is empty where none was given
};

// Prints a line for each thing that was removed (with --dry-run: that would be, with its bytes) to
// standard output, and for each that was kept, with the reason, to standard error. Returns the exit
// code: 1 when artifacts could not be removed. Throws Error, having changed nothing, for ids that
// may not be removed, for artifacts that cannot be reached from here, and where versions lie in a
// registry that it was not told of.
//
// Rows go first, with a list of what is to be deleted (store/tracking/trash.h), then the files,
// then the list. What a crash, or a file that cannot be deleted, leaves in the list is worked off
// by the next call.
int collect_garbage(const Config& config, const GcOptions& options);

}  // namespace millrace
