#include "api/db_flags.h"

#include <CLI/CLI.hpp>

#include "api/store_settings.h"
#include "store/common/error.h"

namespace millrace {
namespace {

CLI::App* add_verb(CLI::App& app, const char* name, const char* help, CommandLine& result,
                   DbCommand::Verb verb) {
  CLI::App* subcommand = app.add_subcommand(name, help);
  subcommand->set_help_flag("--help", "Show this message and exit.");
  subcommand
      ->add_option("URI", result.config.backend_store_uri,
                   "The database, as --backend-store-uri of 'millrace server'.")
      ->required();
  subcommand->callback([&result, verb] { result.db->verb = verb; });
  return subcommand;
}

}  // namespace

void parse_db_flags(int argc, const char* const* argv, CommandLine& result) {
  DbCommand& command = result.db.emplace();
  CLI::App app("Look after the database of a server.", "millrace db");
  app.set_help_flag("--help", "Show this message and exit.");
  app.require_subcommand(1);
  add_verb(app, "check",
           "Tell about the database and what to improve; ends with 1 where something is wrong.",
           result, DbCommand::Verb::Check);
  add_verb(app, "upgrade",
           "Create MLflow's schema in an empty database, or complete what was interrupted.", result,
           DbCommand::Verb::Upgrade)
      ->add_flag("--create-database", command.create_database,
                 "Create the database itself if the server has none of that name.");
  add_verb(app, "detach", "Drop all that is Millrace's, which leaves the database as MLflow's.",
           result, DbCommand::Verb::Detach);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    result.out = app.help();
    result.exit_code = 0;
    return;
  } catch (const CLI::ParseError& error) {
    throw_invalid_parameter(error.what());
  }
  read_store_settings(result.config, result.err);
}

}  // namespace millrace
