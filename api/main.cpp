// Reads the settings, opens the stores, serves until SIGTERM or SIGINT.
#include <signal.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>

#include "api/app.h"
#include "api/command_line.h"
#include "api/dispatch.h"
#include "api/server.h"
#include "artifacts/artifact_location.h"
#include "store/additive_indexes.h"
#include "store/db.h"
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
    const std::string& uri, const Config& config,
    const std::optional<millrace::DefaultExperiment>& experiment) {
  auto db = std::make_unique<millrace::Db>(millrace::DbOptions{uri, config.pool});
  millrace::prepare_schema(*db, experiment);
  millrace::create_additive_indexes(*db);
  return db;
}

millrace::SecuritySettings security_settings(const Config& config) {
  return {config.allowed_hosts, config.cors_allowed_origins, config.disable_security_middleware,
          config.x_frame_options, config.static_prefix};
}

// Waits for the signals that end the server. The first one stops it; before it serves, and at the
// second signal, the process ends at once: the database survives that.
class Stopper {
 public:
  explicit Stopper(const sigset_t& signals) : signals_(signals), thread_([this] { wait(); }) {}
  ~Stopper() {
    over_ = true;
    pthread_kill(thread_.native_handle(), SIGTERM);
    thread_.join();
  }
  Stopper(const Stopper&) = delete;
  Stopper& operator=(const Stopper&) = delete;

  // The server to stop; null when there is none any more.
  void serving(millrace::Server* server) { server_ = server; }

 private:
  void wait() {
    for (int received = 0;; received = 0) {
      sigwait(&signals_, &received);
      if (over_) return;
      millrace::Server* server = server_.exchange(nullptr);
      if (server == nullptr) std::_Exit(asked_ ? 128 + received : 0);
      spdlog::info("Stopping: requests under way are finished first");
      asked_ = true;
      server->stop();
    }
  }

  const sigset_t signals_;
  std::atomic<millrace::Server*> server_{nullptr};
  std::atomic<bool> over_{false};
  bool asked_ = false;  // the thread's own
  std::thread thread_;
};

void serve(const Config& config, const sigset_t& signals) {
  Stopper stopper(signals);
  const auto tracking_db = open_store(
      config.backend_store_uri, config,
      millrace::DefaultExperiment{millrace::append_to_uri_path(config.default_artifact_root, "0")});
  const bool separate = config.registry_store_uri != config.backend_store_uri;
  const auto registry_db =
      separate ? open_store(config.registry_store_uri, config, std::nullopt) : nullptr;
  millrace::Db& registry = separate ? *registry_db : *tracking_db;

  millrace::RegisteredModels registered_models(registry);
  millrace::ModelVersions model_versions(registry);
  millrace::TrackingLookup tracking(*tracking_db);
  const millrace::SourceRules source_rules(
      {config.allowed_host_addressed_artifact_schemes,
       {config.default_artifact_root, config.artifacts_destination}},
      config.model_version_source_regex);
  millrace::Experiments experiments(*tracking_db);
  millrace::Runs runs(*tracking_db);
  millrace::RunData run_data(*tracking_db);
  millrace::LoggedModels logged_models(*tracking_db);
  const millrace::ArtifactRoots artifact_roots(config);
  const std::jthread cleaning(
      [&](const std::stop_token& stop) { artifact_roots.remove_stale_uploads(stop); });
  millrace::Readiness readiness(millrace::readiness_checks(
      *tracking_db, separate ? registry_db.get() : nullptr, artifact_roots));
  millrace::App app{config,       registered_models, model_versions, tracking,
                    source_rules, artifact_roots,    experiments,    runs,
                    run_data,     logged_models,     readiness};
  const millrace::Dispatch dispatch(app, security_settings(config));
  millrace::ServerOptions options;
  options.host = config.host;
  options.port = config.port;
  millrace::Server server(options,
                          [&dispatch](millrace::HttpRequest& http) { return dispatch(http); });
  const int port = server.bind();
  stopper.serving(&server);
  spdlog::info("Listening on http://{}:{}{}", config.host, port, config.static_prefix);
  server.run();
  stopper.serving(nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("millrace"));
  spdlog::set_pattern("%Y/%m/%d %H:%M:%S %l millrace: %v");
  const millrace::CommandLine command = millrace::parse_command_line(argc, argv);
  std::fputs(command.out.c_str(), stdout);
  std::fflush(stdout);  // read by whoever waits for the server through a pipe
  std::fputs(command.err.c_str(), stderr);
  if (command.exit_code) return *command.exit_code;
  try {
    if (command.gc) return millrace::collect_garbage(command.config, *command.gc);
    if (command.db) return millrace::run_db_command(command.config, *command.db);
    serve(command.config, block_stop_signals());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "Error: %s\n", error.what());
    return 1;
  }
  return 0;
}
