#include "api/commands/backup_flags.h"

#include "api/commands/backup_places.h"
#include "api/commands/option_parsing.h"
#include "api/commands/option_values.h"
#include "api/commands/store_settings.h"
#include "artifacts/location.h"
#include "store/common/error.h"

namespace millrace {
namespace {

// What both verbs take: the file, and where a server has its data, with the server's names and
// defaults.
class BackupFlags {
 public:
  BackupFlags(CLI::App& app, CommandLine& result, std::string& file, const char* file_help)
      : app_(app), config_(result.config), warnings_(result.err), file_(file) {
    prepare_options(app_);
    app_.add_option("FILE", file_, file_help)->required();
    app_.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    add_where();
  }

  void flag(const char* name, bool& target, const char* help) {
    app_.add_flag(name, target, help)->disable_flag_override()->group("Options");
  }

  void finish() {
    if (file_.empty()) throw_invalid_parameter("Argument 'FILE' must not be empty.");
    if (file_.find('"') != std::string::npos)  // which SQLite's driver takes for the name's end
      throw_invalid_parameter("Argument 'FILE' must not hold a double quote.");
    read_store_settings(config_, warnings_);
    if (!config_.serve_artifacts) config_.default_artifact_root = "./mlruns";
    if (!default_artifact_root_.empty()) config_.default_artifact_root = default_artifact_root_;
    config_.default_artifact_root = resolve_if_local(config_.default_artifact_root);
  }

 private:
  void text(const char* name, const char* variable, std::string& target, const char* help) {
    app_.add_option_function<std::string>(
            name, [&target](const std::string& value) { target = value; }, help)
        ->envname(variable)
        ->group(kGroup);
  }

  void add_where() {
    text("--backend-store-uri", "MLFLOW_BACKEND_STORE_URI", config_.backend_store_uri,
         "Database of experiments, runs and models. Default: sqlite:///mlflow.db.");
    text("--registry-store-uri", "MLFLOW_REGISTRY_STORE_URI", config_.registry_store_uri,
         "Database of registered models. Default: the backend store.");
    text("--artifacts-destination", "MLFLOW_ARTIFACTS_DESTINATION", config_.artifacts_destination,
         "The folder of the artifacts that the server serves. Default: ./mlartifacts.");
    text("--default-artifact-root", "MLFLOW_DEFAULT_ARTIFACT_ROOT", default_artifact_root_,
         "As the server has it. Default: mlflow-artifacts:/, with --no-serve-artifacts ./mlruns.");
    const std::string help = "As the server has it.";
    app_.add_flag("--serve-artifacts{true},--no-serve-artifacts{false}", help)
        ->envname("MLFLOW_SERVE_ARTIFACTS")
        ->group(kGroup)
        ->disable_flag_override()
        ->each([this](const std::string& value) {
          config_.serve_artifacts = parse_boolean("--serve-artifacts", value);
        });
  }

  static constexpr const char* kGroup = "Where it lies";

  CLI::App& app_;
  Config& config_;
  std::string& warnings_;
  std::string& file_;
  std::string default_artifact_root_;
};

}  // namespace

void parse_backup_flags(int argc, const char* const* argv, CommandLine& result) {
  BackupCommand& command = result.backup.emplace();
  CLI::App app(
      "Save a SQLite database and local artifacts in one file, also under a running server.",
      "millrace backup");
  BackupFlags flags(app, result, command.file, "The file to write, a tar archive.");
  flags.flag("--force", command.force, "Replace the file if it is there.");
  flags.flag("--artifacts-only", command.artifacts_only,
             "Save the artifacts and no database, as where it has a server of its own.");
  if (!parse_options(app, argc, argv, result)) return;
  flags.finish();
  if (command.artifacts_only) return;
  require_sqlite_stores(result.config, "backup");
  refuse_memory_stores(result.config, "backup");
}

void parse_restore_flags(int argc, const char* const* argv, CommandLine& result) {
  RestoreCommand& command = result.restore.emplace();
  CLI::App app("Put in place what 'millrace backup' has saved. Stop the server first.",
               "millrace restore");
  BackupFlags flags(app, result, command.file, "The backup.");
  flags.flag("--force", command.force,
             "Move aside a database and artifacts that are there; nothing is deleted.");
  flags.flag("--check", command.check_only, "Only check that the file is whole; write nothing.");
  if (!parse_options(app, argc, argv, result)) return;
  flags.finish();
}

}  // namespace millrace
