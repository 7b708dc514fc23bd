// `millrace backup`: the SQLite databases and the folders of artifacts of a server as one file,
// while the server runs.
#pragma once

#include <string>

#include "api/settings/config.h"

namespace millrace {

struct BackupCommand {
  std::string file;
  bool force = false;           // replace a file that is there
  bool artifacts_only = false;  // no database
};

// Tells on standard error what is done and on standard output what is in the file. Returns the exit
// code. Throws Error with a message for the administrator; then there is no new file.
int run_backup(const Config& config, const BackupCommand& command);

}  // namespace millrace
