// `millrace gc`: what `mlflow gc` does. Deleted runs, experiments and logged models go for good,
// their artifacts first, unless a registered version still uses them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/settings/config.h"

namespace millrace {

struct GcOptions {
  std::string older_than;  // as it was given, for messages
  std::int64_t age_ms = 0;
  std::optional<std::vector<std::string>> run_ids;
  std::optional<std::vector<std::string>> experiment_ids;
  std::optional<std::vector<std::string>> logged_model_ids;
  bool dry_run = false;
};

// Prints a line for each thing that was removed (with --dry-run: that would be, with its bytes) to
// standard output, and for each that was kept, with the reason, to standard error. Returns the exit
// code: 1 when artifacts could not be removed. Throws Error for ids that may not be removed.
int collect_garbage(const Config& config, const GcOptions& options);

}  // namespace millrace
