// Reads the settings, opens the stores, serves until SIGTERM or SIGINT.
#include <signal.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <memory>
#include <thread>

#include "api/app.h"
#include "api/command_line.h"
#include "api/dispatch.h"
#include "api/server.h"
#include "artifacts/artifact_location.h"
#include "store/db.h"
#include "store/registry_indexes.h"
#include "store/schema/schema.h"

namespace {

using millrace::Config;

// The signals that end the server, blocked in every thread so that only `sigwait` sees them.
sigset_t block_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

std::unique_ptr<millrace::Db> open_store(
    const std::string& uri, const std::optional<millrace::DefaultExperiment>& experiment) {
  auto db = std::make_unique<millrace::Db>(millrace::DbOptions{uri});
  millrace::prepare_schema(*db, experiment);
  millrace::create_registry_indexes(*db);
  return db;
}

millrace::SecuritySettings security_settings(const Config& config) {
  return {config.allowed_hosts, config.cors_allowed_origins, config.disable_security_middleware,
          config.x_frame_options, config.static_prefix};
}

void serve(const Config& config) {
  const sigset_t signals = block_stop_signals();
  const auto tracking_db = open_store(
      config.backend_store_uri,
      millrace::DefaultExperiment{millrace::append_to_uri_path(config.default_artifact_root, "0")});
  const bool separate = config.registry_store_uri != config.backend_store_uri;
  const auto registry_db = separate ? open_store(config.registry_store_uri, std::nullopt) : nullptr;
  millrace::Db& registry = separate ? *registry_db : *tracking_db;

  millrace::RegisteredModels registered_models(registry);
  millrace::ModelVersions model_versions(registry);
  millrace::TrackingLookup tracking(*tracking_db);
  const millrace::SourceRules source_rules(
      {config.allowed_host_addressed_artifact_schemes,
       {config.default_artifact_root, config.artifacts_destination}},
      config.model_version_source_regex);
  millrace::App app{config, registered_models, model_versions, tracking, source_rules};
  const millrace::Dispatch dispatch(app, security_settings(config));
  millrace::ServerOptions options;
  options.host = config.host;
  options.port = config.port;
  millrace::Server server(options,
                          [&dispatch](millrace::HttpRequest& http) { return dispatch(http); });
  const int port = server.bind();
  std::thread stopper([&] {
    int received = 0;
    sigwait(&signals, &received);
    spdlog::info("Stopping: requests under way are finished first");
    server.stop();
  });
  spdlog::info("Listening on http://{}:{}{}", config.host, port, config.static_prefix);
  server.run();
  // run() also returns when the listening socket fails; then nobody has signalled yet.
  pthread_kill(stopper.native_handle(), SIGTERM);
  stopper.join();
}

}  // namespace

int main(int argc, char** argv) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("millrace"));
  spdlog::set_pattern("%Y/%m/%d %H:%M:%S %l millrace: %v");
  const millrace::CommandLine command = millrace::parse_command_line(argc, argv);
  std::fputs(command.out.c_str(), stdout);
  std::fputs(command.err.c_str(), stderr);
  if (command.exit_code) return *command.exit_code;
  try {
    serve(command.config);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "Error: %s\n", error.what());
    return 1;
  }
  return 0;
}
