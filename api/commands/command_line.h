// The room api/commands: the command line: one file per verb that runs it, one that reads its flags
// and environment. On top of everything; nothing uses it but main.
//
// The command line of millrace: the verbs, and for `server` the flags and environment variables of
// `mlflow server`.
#pragma once

#include <optional>
#include <string>

#include "api/commands/backup.h"
#include "api/commands/db.h"
#include "api/commands/gc.h"
#include "api/commands/restore.h"
#include "api/settings/config.h"

namespace millrace {

struct CommandLine {
  std::string out;  // to print on standard output first, whatever follows
  std::string err;  // to print on standard error: warnings, or the reason to stop
  std::optional<int>
      exit_code;  // set: print and leave with it (0 help and version, 1 cannot start, 2 bad usage)
  Config config;  // valid when exit_code is not set
  std::optional<GcOptions> gc;            // set: collect garbage instead of serving
  std::optional<DbCommand> db;            // set: run it instead of serving
  std::optional<BackupCommand> backup;    // set: save instead of serving
  std::optional<RestoreCommand> restore;  // set: restore instead of serving
};

// Reads argv and the environment. A flag beats its environment variable, an empty variable counts
// as unset, and the last of a repeated flag holds, as with MLflow. Never throws for what the user
// typed: a bad value is one line in `err` that names the flag, with exit code 2.
CommandLine parse_command_line(int argc, const char* const* argv);

}  // namespace millrace
