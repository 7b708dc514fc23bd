// The verbs and options of `millrace db`.
#pragma once

#include "api/commands/command_line.h"

namespace millrace {

// Reads argv (its first word is "db") and the environment into `result`. Throws Error as
// parse_server_flags.
void parse_db_flags(int argc, const char* const* argv, CommandLine& result);

}  // namespace millrace
