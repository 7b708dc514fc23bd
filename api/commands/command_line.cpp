#include "api/commands/command_line.h"

#include "api/commands/backup_flags.h"
#include "api/commands/db_flags.h"
#include "api/commands/gc_flags.h"
#include "api/commands/server_flags.h"
#include "store/common/error.h"

namespace millrace {
namespace {

constexpr const char* kUsage =
    "Usage: millrace server [OPTIONS]\n"
    "\n"
    "A model registry server for unmodified MLflow clients.\n"
    "\n"
    "Commands:\n"
    "  server     Serve MLflow's REST API; 'millrace server --help' lists its options.\n"
    "  gc         Permanently delete what is deleted, with its artifacts.\n"
    "  db         Check a database, set it up, or take away what is Millrace's.\n"
    "  backup     Save the database and the artifacts in one file, while the server runs.\n"
    "  restore    Put in place what was saved.\n"
    "\n"
    "Options:\n"
    "  --version  Show the version and exit.\n"
    "  --help     Show this message and exit.\n";

}  // namespace

CommandLine parse_command_line(int argc, const char* const* argv) {
  CommandLine result;
  std::string verb = argc > 1 ? argv[1] : "";
  try {
    if (verb == "server") {
      parse_server_flags(argc - 1, argv + 1, result);
    } else if (verb == "gc") {
      parse_gc_flags(argc - 1, argv + 1, result);
    } else if (verb == "db") {
      parse_db_flags(argc - 1, argv + 1, result);
    } else if (verb == "backup") {
      parse_backup_flags(argc - 1, argv + 1, result);
    } else if (verb == "restore") {
      parse_restore_flags(argc - 1, argv + 1, result);
    } else if (verb == "--version") {
      result.out.append("millrace ").append(kMillraceVersion);
      result.out.append(" (MLflow ").append(kMlflowVersion).append(" API)\n");
      result.exit_code = 0;
    } else if (verb == "--help") {
      result.out = kUsage;
      result.exit_code = 0;
    } else if (verb.empty()) {
      result.err = kUsage;
      result.exit_code = 2;
    } else if (verb.starts_with("--env-file")) {
      throw_invalid_parameter(
          "--env-file is not available in Millrace; export the variables before the start.");
    } else if (verb.starts_with('-')) {
      throw_invalid_parameter("No such option '" + verb + "'.");
    } else {
      throw_invalid_parameter("No such command '" + verb + "'. Try 'millrace --help' for help.");
    }
  } catch (const Error& error) {
    result.err = std::string("Error: ") + error.what() + "\n";
    result.exit_code = error.code() == ErrorCode::InvalidParameterValue ? 2 : 1;
  }
  return result;
}

}  // namespace millrace
