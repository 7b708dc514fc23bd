#include "api/commands/server_flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <string_view>
#include <vector>

#include "api/commands/environment_settings.h"
#include "api/commands/option_parsing.h"
#include "api/commands/option_values.h"
#include "api/commands/store_settings.h"
#include "api/commands/web_server_options.h"
#include "artifacts/location.h"
#include "store/common/error.h"
#include "store/db/sqlite/uri.h"
#include "store/text/uri.h"

namespace millrace {
namespace {

constexpr const char* kFileStoreFolder = "./mlruns";

// "--workers,-w" -> "--workers"
std::string long_name(std::string_view names) { return split_list(names).front(); }

bool is_of_this_machine(const std::string& uri) try {
  return is_local_uri(uri);
} catch (const Error&) {
  return false;  // file: with another host
}

UnknownSchema parse_unknown_schema(const std::string& value) {
  if (value == "refuse") return UnknownSchema::Refuse;
  if (value == "read-only") return UnknownSchema::ReadOnly;
  if (value == "write") return UnknownSchema::Write;
  throw_invalid_value("--unknown-schema",
                      "'" + value + "' is not one of 'refuse', 'read-only', 'write'.");
}

// The options of `millrace server`, each declared once: names, environment variable, target, help.
// A default is the initial value of the target.
class ServerFlags {
 public:
  ServerFlags(CLI::App& app, CommandLine& result)
      : app_(app), config_(result.config), result_(result) {
    app_.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    prepare_options(app_);
    add_storage();
    add_network();
    add_security();
    add_not_available();
    add_without_effect();
  }

  // Checks what concerns several options, then fills in the values that depend on others.
  void finish() {
    check_combinations();
    read_web_server();
    read_environment_settings(config_);
    resolve_stores();
    resolve_artifact_root();
    warn_of_open_doors();
  }

 private:
  using Use = std::function<void(const std::string&)>;

  CLI::Option* option(const char* names, const char* env, Use use, const std::string& help) {
    return app_.add_option_function<std::string>(names, use, help)->envname(env)->group(group_);
  }

  void text(const char* names, const char* env, std::string& target, const char* help) {
    option(
        names, env, [&target](const std::string& value) { target = value; }, help);
  }

  void list(const char* names, const char* env, std::vector<std::string>& target,
            const char* help) {
    option(
        names, env, [&target](const std::string& value) { target = split_list(value); }, help);
  }

  // `names` may hold both forms: "--x{true},--no-x{false}". On the command line a flag takes no
  // value; its environment variable has any of click's words for yes and no.
  void flag(const char* names, const char* env, std::function<void(bool)> use,
            const std::string& help) {
    std::string shown = names;
    shown = shown.substr(0, shown.find_first_of("{,"));
    app_.add_flag(names, help)
        ->envname(env)
        ->group(group_)
        ->disable_flag_override()
        ->each([use, shown](const std::string& value) { use(parse_boolean(shown, value)); });
  }

  void warn(const std::string& text) { result_.err += "WARNING: " + text + "\n"; }

  void add_storage();
  void add_network();
  void add_security();
  void add_not_available();
  void add_without_effect();
  void without_effect(const char* names, const char* env, const char* why);
  void check_combinations() const;
  void read_web_server();
  void resolve_stores();
  void resolve_artifact_root();
  void warn_of_open_doors();

  CLI::App& app_;
  Config& config_;
  CommandLine& result_;
  const char* group_ = "";
  std::string backend_store_uri_;
  std::string registry_store_uri_;
  std::string default_artifact_root_;
  std::string workspace_store_uri_;
  bool workspaces_ = false;
  std::string uvicorn_opts_, gunicorn_opts_, waitress_opts_;
};

void ServerFlags::add_storage() {
  group_ = "Storage";
  text("--backend-store-uri", "MLFLOW_BACKEND_STORE_URI", backend_store_uri_,
       "Database of experiments, runs and models, e.g. sqlite:///path/to/file.db, "
       "mysql+pymysql://user:password@host/database or postgresql://user:password@host/database. "
       "Default: sqlite:///mlflow.db. File stores (file:, plain paths) are refused.");
  text("--registry-store-uri", "MLFLOW_REGISTRY_STORE_URI", registry_store_uri_,
       "Database of registered models. Default: the backend store.");
  text("--default-artifact-root", "MLFLOW_DEFAULT_ARTIFACT_ROOT", default_artifact_root_,
       "Where experiments made from now on keep their artifacts. Default: mlflow-artifacts:/, with "
       "--no-serve-artifacts ./mlruns.");
  option(
      "--database-timeout", "",
      [this](const std::string& value) {
        config_.database_timeout =
            std::chrono::seconds(parse_integer("--database-timeout", value, 1, 86'400));
      },
      "Seconds after which the work of a request in the databases is ended. Default: 30.");
  option(
      "--unknown-schema", "",
      [this](const std::string& value) { config_.unknown_schema = parse_unknown_schema(value); },
      "Where a newer MLflow has migrated the database: refuse to start, start read-only, or write "
      "to "
      "it, without what only the newer MLflow keeps. Default: refuse.");
  flag(
      "--serve-artifacts{true},--no-serve-artifacts{false}", "MLFLOW_SERVE_ARTIFACTS",
      [this](bool value) { config_.serve_artifacts = value; },
      "Let clients reach artifacts through this server. Default: on.");
  flag(
      "--artifacts-only", "MLFLOW_ARTIFACTS_ONLY",
      [this](bool value) { config_.artifacts_only = value; },
      "Let clients reach artifacts and nothing else. Default: off.");
  text("--artifacts-destination", "MLFLOW_ARTIFACTS_DESTINATION", config_.artifacts_destination,
       "The folder of the artifacts that this server serves. Default: ./mlartifacts.");
  app_.add_option(
          "--allowed-artifact-root", config_.artifact_roots,
          "A further folder below which the server may read and write artifacts where a database "
          "says so: for databases from elsewhere. May be given several times.")
      ->expected(1)
      ->allow_extra_args(false)
      ->group(group_);
}

void ServerFlags::add_network() {
  group_ = "Network";
  option(
      "--host,-h", "MLFLOW_HOST",
      [this](const std::string& value) {
        const bool in_brackets = value.starts_with('[') && value.ends_with(']');
        config_.host = in_brackets ? value.substr(1, value.size() - 2) : value;
      },
      "Address to listen on; that of IPv6 may stand in brackets. Default: 127.0.0.1.");
  option(
      "--port,-p", "MLFLOW_PORT",
      [this](const std::string& value) {
        config_.port = static_cast<int>(parse_integer("--port,-p", value, 0, 65535));
      },
      "Port to listen on. Default: 5000.");
  option(
      "--static-prefix", "MLFLOW_STATIC_PREFIX",
      [this](const std::string& value) {
        if (!value.starts_with('/')) {
          throw_invalid_parameter("--static-prefix must begin with a '/'.");
        }
        if (value.ends_with('/')) {
          throw_invalid_parameter("--static-prefix should not end with a '/'.");
        }
        if (value.find_first_of("{}") != std::string::npos) {
          throw_invalid_parameter("--static-prefix must not contain '{' or '}'.");
        }
        config_.static_prefix = value;
      },
      "Prefix of every path, e.g. /mlflow. Default: none.");
  text("--ssl-certfile", "", config_.ssl_certfile,
       "PEM file of the server's certificates: speak TLS. Read again when it changes, and on "
       "SIGHUP.");
  text("--ssl-keyfile", "", config_.ssl_keyfile,
       "PEM file of the private key, without a passphrase. Default: the file of the certificate.");
  text("--ssl-ca-certs", "", config_.ssl_ca_certs,
       "PEM file of those whose certificates clients must show. Default: clients need none.");
}

void ServerFlags::add_security() {
  group_ = "Security";
  list("--allowed-hosts", "MLFLOW_SERVER_ALLOWED_HOSTS", config_.allowed_hosts,
       "Comma-separated Host headers to accept, * matches anything; a port must be covered too. "
       "Default: localhost and private addresses.");
  list("--cors-allowed-origins", "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS", config_.cors_allowed_origins,
       "Comma-separated origins whose pages may call this server. Default: http on localhost.");
  flag(
      "--disable-security-middleware", "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE",
      [this](bool value) { config_.disable_security_middleware = value; },
      "Drop the host check, the origin check and the security headers. Dangerous.");
  option(
      "--x-frame-options", "MLFLOW_SERVER_X_FRAME_OPTIONS",
      [this](const std::string& value) { config_.x_frame_options = to_upper(value); },
      "X-Frame-Options header: SAMEORIGIN, DENY, or NONE for no header. Default: SAMEORIGIN.");
}

// Features of MLflow that are still to come. Refused where going on without them would break a
// promise (access control, separation of workspaces, artifacts), else accepted with a warning.
void ServerFlags::add_not_available() {
  group_ = "Not available yet";
  option(
      "--app-name", "",
      [](const std::string& value) {
        if (value != "basic-auth") {
          throw_invalid_value("--app-name", "'" + value + "' is not one of 'basic-auth'.");
        }
        throw_invalid_parameter(
            "--app-name basic-auth is not available in Millrace yet; without it everybody would "
            "have access.");
      },
      "Refused.");
  flag(
      "--enable-workspaces{true},--disable-workspaces{false}", "MLFLOW_ENABLE_WORKSPACES",
      [this](bool value) { workspaces_ = value; }, "Refused when enabled. Default: disabled.");
  text("--workspace-store-uri", "MLFLOW_WORKSPACE_STORE_URI", workspace_store_uri_,
       "Ignored with a warning, as MLflow does while workspaces are disabled.");
  option(
      "--read-replica-backend-store-uri", "MLFLOW_READ_REPLICA_BACKEND_STORE_URI",
      [this](const std::string&) {
        warn(
            "--read-replica-backend-store-uri is not available in Millrace yet: reads go to the "
            "backend store.");
      },
      "Accepted with a warning; reads go to the backend store.");
  option(
      "--expose-prometheus", "MLFLOW_EXPOSE_PROMETHEUS",
      [this](const std::string&) {
        warn("--expose-prometheus is not available in Millrace yet: /metrics is not served.");
      },
      "Accepted with a warning; /metrics is not served.");
}

void ServerFlags::without_effect(const char* names, const char* env, const char* why) {
  std::string message = long_name(names) + " has no effect in Millrace: " + why + ".";
  option(
      names, env, [this, message](const std::string&) { warn(message); }, why);
}

void ServerFlags::add_without_effect() {
  group_ = "Accepted, without effect";
  without_effect("--workers,-w", "MLFLOW_WORKERS", "one process serves all requests");
  text("--uvicorn-opts", "MLFLOW_UVICORN_OPTS", uvicorn_opts_,
       "Options of uvicorn: those for TLS and trusted proxies are heeded, those that only tune it "
       "are not, all others refused.");
  text("--gunicorn-opts", "MLFLOW_GUNICORN_OPTS", gunicorn_opts_, "The same for gunicorn.");
  text("--waitress-opts", "", waitress_opts_, "The same for waitress.");
  flag(
      "--dev", "",
      [this](bool) { warn("--dev has no effect in Millrace: there is no code to reload."); },
      "there is no code to reload");
  without_effect("--trace-archival-config", "MLFLOW_TRACE_ARCHIVAL_CONFIG",
                 "traces are not archived");
  struct Range {
    const char* name;
    long long low, high;
  };
  for (Range range :
       {Range{"--secrets-cache-ttl", 10, 300}, Range{"--secrets-cache-max-size", 1, 10000}}) {
    option(
        range.name, "",
        [this, range](const std::string& value) {
          parse_integer(range.name, value, range.low, range.high);
          warn(std::string(range.name) + " has no effect in Millrace: there is no secrets cache.");
        },
        "there is no secrets cache");
  }
}

void ServerFlags::check_combinations() const {
  std::size_t servers =
      app_.count("--gunicorn-opts") + app_.count("--waitress-opts") + app_.count("--uvicorn-opts");
  if (servers > 1) {
    throw_invalid_parameter(
        "Cannot specify multiple server options. Choose one of: '--gunicorn-opts', "
        "'--waitress-opts', or '--uvicorn-opts'.");
  }
  if (workspaces_ && config_.artifacts_only && workspace_store_uri_.empty()) {
    throw_invalid_parameter(
        "--workspace-store-uri is required when combining --enable-workspaces with "
        "--artifacts-only so artifact requests can be validated against a workspace provider.");
  }
  if (config_.artifacts_only && !backend_store_uri_.empty() &&
      backend_store_uri_ != config_.backend_store_uri && backend_store_uri_ != kFileStoreFolder) {
    throw_invalid_parameter(
        "You are starting a tracking server in `--artifacts-only` mode and have provided a value "
        "for `--backend_store_uri`: '" +
        backend_store_uri_ +
        "'. A tracking server in `--artifacts-only` mode cannot have a value set for "
        "`--backend_store_uri` to properly proxy access to the artifact storage location.");
  }
  if (workspaces_) {
    throw_invalid_parameter("--enable-workspaces is not available in Millrace yet.");
  }
}

// Of the one that MLflow would run; uvicorn is its default.
void ServerFlags::read_web_server() {
  const bool gunicorn = app_.count("--gunicorn-opts") > 0;
  const bool waitress = app_.count("--waitress-opts") > 0;
  const auto server = gunicorn   ? WebServer::Gunicorn
                      : waitress ? WebServer::Waitress
                                 : WebServer::Uvicorn;
  const std::string& given = gunicorn ? gunicorn_opts_ : waitress ? waitress_opts_ : uvicorn_opts_;
  for (const std::string& name : read_web_server_options(server, given, config_)) {
    warn(name + " has no effect in Millrace: it tunes a server that is not there.");
  }
  if (config_.ssl_certfile.empty() && !(config_.ssl_keyfile + config_.ssl_ca_certs).empty())
    throw_invalid_parameter("--ssl-keyfile and --ssl-ca-certs need --ssl-certfile.");
}

void ServerFlags::resolve_stores() {
  if (!workspace_store_uri_.empty()) {
    warn("--workspace-store-uri is ignored because workspaces are not enabled.");
  }
  if (!backend_store_uri_.empty()) {
    config_.backend_store_uri = backend_store_uri_;
  } else {
    // MLflow would go on with the old files here, so starting on an empty database would hide them.
    if (has_file_store_data(kFileStoreFolder)) config_.backend_store_uri = kFileStoreFolder;
    result_.out += "Backend store URI not provided. Using " + config_.backend_store_uri + "\n";
  }
  config_.registry_store_uri = registry_store_uri_;
  read_store_settings(config_, result_.err);
  const bool memory = is_sqlite_memory(config_.backend_store_uri);
  if (memory || is_sqlite_memory(config_.registry_store_uri)) {
    warn(std::string(memory ? "--backend-store-uri " : "--registry-store-uri ") + kSqliteMemory +
         " is a database in memory: all that it holds ends with this process.");
  }
  if (registry_store_uri_.empty()) {
    result_.out += "Registry store URI not provided. Using backend store URI.\n";
  }
}

void ServerFlags::resolve_artifact_root() {
  if (!config_.serve_artifacts) config_.default_artifact_root = "./mlruns";
  if (!default_artifact_root_.empty()) config_.default_artifact_root = default_artifact_root_;
  config_.default_artifact_root = resolve_if_local(config_.default_artifact_root);
  if (config_.serve_artifacts && !is_of_this_machine(config_.artifacts_destination)) {
    throw_invalid_parameter(
        "--artifacts-destination: '" + config_.artifacts_destination +
        "' is no folder of this machine, and Millrace serves no other artifacts "
        "yet. With --no-serve-artifacts clients reach them themselves.");
  }
}

void ServerFlags::warn_of_open_doors() {
  auto accepts_all = [](const std::vector<std::string>& list) {
    return std::find(list.begin(), list.end(), "*") != list.end();
  };
  if (config_.disable_security_middleware) {
    warn(
        "--disable-security-middleware: there is no host check, no origin check and no security "
        "header.");
    return;
  }
  if (accepts_all(config_.allowed_hosts)) {
    warn("--allowed-hosts *: every Host header is accepted, which permits DNS rebinding.");
  }
  if (accepts_all(config_.cors_allowed_origins)) {
    warn("--cors-allowed-origins *: any web site may use this server through its visitors.");
  }
}

}  // namespace

void parse_server_flags(int argc, const char* const* argv, CommandLine& result) {
  CLI::App app("Serve MLflow's REST API.", "millrace server");
  ServerFlags options(app, result);
  if (parse_options(app, argc, argv, result)) options.finish();
}

}  // namespace millrace
