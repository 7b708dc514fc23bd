// The options of `millrace server`: flags and environment variables of `mlflow server`.
#pragma once

#include "api/commands/command_line.h"

namespace millrace {

// Reads argv (its first word is the verb) and the environment into `result`. Throws Error for what
// cannot be accepted: INVALID_PARAMETER_VALUE for bad usage, INVALID_STATE for an environment in
// which the server must not start.
void parse_server_flags(int argc, const char* const* argv, CommandLine& result);

}  // namespace millrace
