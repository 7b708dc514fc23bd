// The options of `millrace gc`: those of `mlflow gc`, and what says where things lie.
#pragma once

#include <cstdint>
#include <string_view>

#include "api/commands/command_line.h"

namespace millrace {

// "1d2h3m4s" in ms: each part may have a fraction and may be left out. Throws
// INVALID_PARAMETER_VALUE.
std::int64_t parse_age(std::string_view text);

// Reads argv (its first word is the verb) and the environment into `result`. Throws Error as
// parse_server_flags.
void parse_gc_flags(int argc, const char* const* argv, CommandLine& result);

}  // namespace millrace
