// The options and environment of `millrace backup` and `millrace restore`.
#pragma once

#include "api/commands/command_line.h"

namespace millrace {

// Read argv (its first word is the verb) and the environment into `result`. Throw Error as
// parse_server_flags.
void parse_backup_flags(int argc, const char* const* argv, CommandLine& result);
void parse_restore_flags(int argc, const char* const* argv, CommandLine& result);

}  // namespace millrace
