// Runs the command that the command line names.
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "api/commands/command_line.h"
#include "api/commands/log_sink.h"
#include "api/commands/serve.h"

int main(int argc, char** argv) {
  spdlog::set_default_logger(std::make_shared<spdlog::logger>(
      "millrace", std::make_shared<millrace::LogSink>(STDERR_FILENO)));
  spdlog::set_pattern("%Y/%m/%d %H:%M:%S %l millrace: %v");
  const millrace::CommandLine command = millrace::parse_command_line(argc, argv);
  std::fputs(command.out.c_str(), stdout);
  std::fflush(stdout);  // read by whoever waits for the server through a pipe
  std::fputs(command.err.c_str(), stderr);
  if (command.exit_code) return *command.exit_code;
  try {
    if (command.gc) return millrace::collect_garbage(command.config, *command.gc);
    if (command.db) return millrace::run_db_command(command.config, *command.db);
    if (command.backup) return millrace::run_backup(command.config, *command.backup);
    if (command.restore) return millrace::run_restore(command.config, *command.restore);
    millrace::serve(command.config);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "Error: %s\n", error.what());
    return 1;
  }
  return 0;
}
