#include "api/commands/gc_flags.h"

#include <charconv>
#include <cmath>
#include <utility>

#include "api/commands/option_parsing.h"
#include "api/commands/option_values.h"
#include "api/commands/store_settings.h"
#include "artifacts/location.h"
#include "store/common/error.h"
#include "store/db/work.h"
#include "store/text/uri.h"

namespace millrace {
namespace {

constexpr double kMostDays = 999'999'999;  // as Python's timedelta

class GcFlags {
 public:
  GcFlags(CLI::App& app, CommandLine& result)
      : app_(app), config_(result.config), warnings_(result.err), options_(result.gc.emplace()) {
    app_.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    prepare_options(app_);
    add_what();
    add_where();
    add_not_available();
  }

  void finish() {
    options_.age_ms = parse_age(options_.older_than);
    options_.registry_given = !config_.registry_store_uri.empty();
    options_.destination_given = destination_->count() > 0;
    read_workspace();
    read_server();
    read_store_settings(config_, warnings_);
    refuse_memory_stores(config_, "gc");
    config_.default_artifact_root = resolve_if_local(config_.default_artifact_root);
  }

 private:
  CLI::Option* text(const char* name, std::string& target, const char* help) {
    return app_.add_option(name, target, help)->group(group_);
  }

  void ids(const char* name, std::optional<std::vector<std::string>>& target, const char* help) {
    app_.add_option_function<std::string>(
            name,
            [&target](const std::string& value) {
              if (!value.empty()) target = split_list(value);
            },
            help)
        ->group(group_);
  }

  void add_what() {
    group_ = "What to delete";
    text("--older-than", options_.older_than,
         "Only what was deleted that long ago, e.g. 1d2h3m4s or 1.5d. Default: any age.");
    ids("--run-ids", options_.run_ids,
        "Comma-separated runs, each of them deleted. Default: all deleted runs.");
    ids("--experiment-ids", options_.experiment_ids,
        "Comma-separated experiments, each of them deleted, with all in them. Default: all deleted "
        "experiments.");
    ids("--logged-model-ids", options_.logged_model_ids,
        "Comma-separated logged models, each of them deleted. Default: all deleted ones.");
    app_.add_flag("--dry-run", options_.dry_run,
                  "Only tell what would be deleted, and how many bytes of artifacts.")
        ->disable_flag_override()
        ->group(group_);
  }

  void add_where() {
    group_ = "Where it lies";
    text("--backend-store-uri", config_.backend_store_uri,
         "Database of experiments and runs. Default: sqlite:///mlflow.db.")
        ->envname("MLFLOW_BACKEND_STORE_URI");
    text("--registry-store-uri", config_.registry_store_uri,
         "Database of registered models: what their versions use is kept. Default: the backend "
         "store.")
        ->envname("MLFLOW_REGISTRY_STORE_URI");
    destination_ =
        text("--artifacts-destination", config_.artifacts_destination,
             "The folder behind the artifacts that the server serves. Default: ./mlartifacts, if "
             "there is no --tracking-uri.")
            ->envname("MLFLOW_ARTIFACTS_DESTINATION");
    text("--default-artifact-root", config_.default_artifact_root,
         "As the server has it: artifacts below it may be deleted, too.")
        ->envname("MLFLOW_DEFAULT_ARTIFACT_ROOT");
    app_.add_option("--allowed-artifact-root", config_.artifact_roots,
                    "A further folder below which artifacts may be deleted. May be given several "
                    "times.")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false)
        ->group(group_);
    text("--tracking-uri", tracking_uri_,
         "URL of a running server: the artifacts that it serves are deleted through it, unless "
         "--artifacts-destination is a folder that is here.")
        ->envname("MLFLOW_TRACKING_URI");
    workspace_ = text("--workspace", workspace_name_,
                      "Only 'default', in which everything lies: workspaces are not available.");
    app_.add_flag("--all-workspaces", all_workspaces_, "Accepted: everything lies in one.")
        ->disable_flag_override()
        ->group(group_);
  }

  void add_not_available() {
    group_ = "Not available";
    constexpr const char* kReason =
        " is not available in Millrace, which has no jobs: there are none to delete.";
    const std::string refused = "Refused.";
    app_.add_flag("--jobs", refused)->group(group_)->each([](const std::string&) {
      throw_invalid_parameter(std::string("--jobs") + kReason);
    });
    app_.add_option_function<std::string>(
            "--job-ids",
            [](const std::string&) { throw_invalid_parameter(std::string("--job-ids") + kReason); },
            refused)
        ->group(group_);
  }

  // As in MLflow the variable counts only where neither of the options does.
  void read_workspace() {
    if (all_workspaces_) {
      if (workspace_->count() > 0) {
        throw_invalid_parameter("Cannot use --workspace and --all-workspaces together.");
      }
      return;
    }
    const bool given = workspace_->count() > 0;
    const std::string name = given ? workspace_name_ : environment("MLFLOW_WORKSPACE");
    if (name.empty() || name == kWorkspace) return;
    throw_invalid_value(given ? "--workspace" : "MLFLOW_WORKSPACE",
                        "'" + name + "' is not '" + kWorkspace +
                            "': workspaces are not available in Millrace, and everything lies in "
                            "that one.");
  }

  // The variables of the stock client. A tracking URI that is no server's says nothing to gc.
  void read_server() {
    const std::string scheme = uri_scheme(tracking_uri_);
    if (scheme != "http" && scheme != "https") return;
    HttpTarget& server = options_.server;
    server.url = tracking_uri_;
    server.username = environment("MLFLOW_TRACKING_USERNAME");
    server.password = environment("MLFLOW_TRACKING_PASSWORD");
    server.token = environment("MLFLOW_TRACKING_TOKEN");
    server.ca_file = environment("MLFLOW_TRACKING_SERVER_CERT_PATH");
    server.client_file = environment("MLFLOW_TRACKING_CLIENT_CERT_PATH");
    constexpr const char* kInsecure = "MLFLOW_TRACKING_INSECURE_TLS";
    const std::string insecure = environment(kInsecure);
    server.verify_certificate = insecure.empty() || !parse_boolean(kInsecure, insecure);
  }

  CLI::App& app_;
  Config& config_;
  std::string& warnings_;
  GcOptions& options_;
  const char* group_ = "";
  std::string tracking_uri_, workspace_name_;
  bool all_workspaces_ = false;
  CLI::Option* destination_ = nullptr;
  CLI::Option* workspace_ = nullptr;
};

}  // namespace

std::int64_t parse_age(std::string_view text) {
  const std::string whole(text);
  double days = 0;
  for (const auto& [unit, in_days] : {std::pair{'d', 1.0}, std::pair{'h', 1.0 / 24},
                                      std::pair{'m', 1.0 / 1440}, std::pair{'s', 1.0 / 86400}}) {
    const std::size_t length = text.find_first_not_of(".0123456789");
    if (length == 0 || length == text.npos || text[length] != unit) continue;
    double number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + length, number, std::chars_format::fixed);
    if (error != std::errc() || end != text.data() + length) break;
    days += number * in_days;
    text.remove_prefix(length + 1);
  }
  if (!text.empty() || days > kMostDays) {
    throw_invalid_parameter("Could not parse any time information from '" + whole +
                            "'. Examples of valid strings: '8h', '2d8h5m20s', '2m4s'");
  }
  return std::llround(days * 86'400'000);
}

void parse_gc_flags(int argc, const char* const* argv, CommandLine& result) {
  CLI::App app("Permanently delete runs, experiments and logged models that are deleted.",
               "millrace gc");
  GcFlags flags(app, result);
  if (parse_options(app, argc, argv, result)) flags.finish();
}

}  // namespace millrace
