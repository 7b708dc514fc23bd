// `millrace restore`: puts what `millrace backup` saved in its place.
#pragma once

#include <string>

#include "api/settings/config.h"

namespace millrace {

struct RestoreCommand {
  std::string file;
  bool force = false;       // move aside what is in the place
  bool check_only = false;  // read and check the file, and write nothing
};

// Checks the whole backup before anything is in its place. Tells on standard error what is done and
// on standard output what was. Returns the exit code. Throws Error with a message for the
// administrator; then everything is as it was.
int run_restore(const Config& config, const RestoreCommand& command);

}  // namespace millrace
