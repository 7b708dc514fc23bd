#include "api/commands/gc_flags.h"

#include <charconv>
#include <cmath>
#include <utility>

#include "api/commands/option_parsing.h"
#include "api/commands/option_values.h"
#include "api/commands/store_settings.h"
#include "artifacts/location.h"
#include "store/common/error.h"

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
    read_store_settings(config_, warnings_);
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
    text("--artifacts-destination", config_.artifacts_destination,
         "Storage behind the artifacts that the server serves. Default: ./mlartifacts.")
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
         "Accepted without effect: artifacts are deleted without a server.");
  }

  void add_not_available() {
    group_ = "Not available yet";
    for (const char* name : {"--jobs", "--all-workspaces"}) {
      const std::string help = "Refused.";
      app_.add_flag(name, help)->group(group_)->each([name](const std::string&) {
        throw_invalid_parameter(std::string(name) + " is not available in Millrace yet.");
      });
    }
    for (const char* name : {"--job-ids", "--workspace"}) {
      app_.add_option_function<std::string>(
              name,
              [name](const std::string&) {
                throw_invalid_parameter(std::string(name) + " is not available in Millrace yet.");
              },
              "Refused.")
          ->group(group_);
    }
  }

  CLI::App& app_;
  Config& config_;
  std::string& warnings_;
  GcOptions& options_;
  const char* group_ = "";
  std::string tracking_uri_;
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
