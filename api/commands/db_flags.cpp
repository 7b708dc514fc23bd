#include "api/commands/db_flags.h"

#include "api/commands/option_parsing.h"
#include "api/commands/store_settings.h"

namespace millrace {
namespace {

CLI::App* add_verb(CLI::App& app, const char* name, const char* help, CommandLine& result,
                   DbCommand::Verb verb) {
  CLI::App* subcommand = app.add_subcommand(name, help);
  prepare_options(*subcommand);
  subcommand
      ->add_option("URI", result.config.backend_store_uri,
                   "The database, as --backend-store-uri of 'millrace server'.")
      ->required();
  subcommand->callback([&result, verb] { result.db->verb = verb; });
  return subcommand;
}

// Which artifacts a server serves.
void add_roots(CLI::App& check, Config& config) {
  check
      .add_option("--artifacts-destination", config.artifacts_destination,
                  "As the server has it: artifacts elsewhere are told of.")
      ->envname("MLFLOW_ARTIFACTS_DESTINATION");
  check
      .add_option("--default-artifact-root", config.default_artifact_root,
                  "The same, if it is a folder.")
      ->envname("MLFLOW_DEFAULT_ARTIFACT_ROOT");
  check
      .add_option("--allowed-artifact-root", config.artifact_roots,
                  "The same. May be given several times.")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
}

}  // namespace

void parse_db_flags(int argc, const char* const* argv, CommandLine& result) {
  DbCommand& command = result.db.emplace();
  CLI::App app("Look after the database of a server.", "millrace db");
  prepare_options(app);
  app.require_subcommand(1);
  add_roots(*add_verb(app, "check",
                      "Tell about the database and what to improve; ends with 1 where something is "
                      "wrong.",
                      result, DbCommand::Verb::Check),
            result.config);
  add_verb(app, "upgrade",
           "Create MLflow's schema in an empty database, or complete what was interrupted.", result,
           DbCommand::Verb::Upgrade)
      ->add_flag("--create-database", command.create_database,
                 "Create the database itself if the server has none of that name.")
      ->disable_flag_override();
  add_verb(app, "detach", "Drop all that is Millrace's, which leaves the database as MLflow's.",
           result, DbCommand::Verb::Detach);
  if (!parse_options(app, argc, argv, result)) return;
  read_store_settings(result.config, result.err);
  refuse_memory_stores(result.config, "db");
}

}  // namespace millrace
