// How every verb of the command line is parsed, and what is said about a mistake, in the words that
// click has for MLflow.
#pragma once

#include <CLI/CLI.hpp>

#include "api/commands/command_line.h"

namespace millrace {

// What all verbs have in common. Call it before options are added.
void prepare_options(CLI::App& app);

// Parses the words behind the verb. False when they asked for help, which `result` then has. Throws
// INVALID_PARAMETER_VALUE with one line that names the option, argument or subcommand.
bool parse_options(CLI::App& app, int argc, const char* const* argv, CommandLine& result);

}  // namespace millrace
