#include "api/commands/serve.h"

#include <signal.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <optional>
#include <thread>

#include "api/http/server.h"
#include "api/rest/app.h"
#include "api/rest/dispatch.h"
#include "artifacts/location.h"
#include "store/db/database.h"
#include "store/schema/additive_indexes.h"
#include "store/schema/own_tables.h"
#include "store/schema/prepare.h"
#include "store/tracking/registries.h"

namespace millrace {
namespace {

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

std::unique_ptr<Db> open_store(const std::string& uri, const Config& config,
                               const std::optional<DefaultExperiment>& experiment) {
  auto db = std::make_unique<Db>(DbOptions{uri, config.pool});
  prepare_schema(*db, experiment, config.unknown_schema);
  create_own_tables(*db);
  create_additive_indexes(*db);
  return db;
}

// So that a gc which is not told of the registry knows that there is one.
void note_registry(Db& tracking_db, const Config& config) {
  const std::string place = tracking::registry_place(config.registry_store_uri);
  if (place == tracking::registry_place(config.backend_store_uri)) return;
  const auto known = tracking_db.read(tracking::recorded_registries);
  if (std::find(known.begin(), known.end(), place) != known.end()) return;
  tracking_db.write([&](Work& work) { tracking::record_registry(work, place); });
}

SecuritySettings security_settings(const Config& config) {
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
  void serving(Server* server) { server_ = server; }

 private:
  void wait() {
    for (int received = 0;; received = 0) {
      sigwait(&signals_, &received);
      if (over_) return;
      Server* server = server_.exchange(nullptr);
      if (server == nullptr) std::_Exit(asked_ ? 128 + received : 0);
      spdlog::info("Stopping: requests under way are finished first");
      asked_ = true;
      server->stop();
    }
  }

  const sigset_t signals_;
  std::atomic<Server*> server_{nullptr};
  std::atomic<bool> over_{false};
  bool asked_ = false;  // the thread's own
  std::thread thread_;
};

}  // namespace

void serve(const Config& config) {
  Stopper stopper(block_stop_signals());
  const auto tracking_db =
      open_store(config.backend_store_uri, config,
                 DefaultExperiment{append_to_uri_path(config.default_artifact_root, "0")});
  const bool separate = config.registry_store_uri != config.backend_store_uri;
  const auto registry_db =
      separate ? open_store(config.registry_store_uri, config, std::nullopt) : nullptr;
  if (separate && !tracking_db->refuses_writes()) note_registry(*tracking_db, config);
  Db& registry = separate ? *registry_db : *tracking_db;

  const SourceRules source_rules({config.allowed_host_addressed_artifact_schemes,
                                  {config.default_artifact_root, config.artifacts_destination}},
                                 config.model_version_source_regex);
  const ArtifactRoots artifact_roots(config);
  const std::jthread cleaning(
      [&](const std::stop_token& stop) { artifact_roots.remove_stale_uploads(stop); });
  Readiness readiness(
      readiness_checks(*tracking_db, separate ? registry_db.get() : nullptr, artifact_roots));
  App app{config, registry, *tracking_db, source_rules, artifact_roots, readiness};
  const Dispatch dispatch(app, security_settings(config));
  ServerOptions options;
  options.host = config.host;
  options.port = config.port;
  Server server(options, [&dispatch](HttpRequest& http) { return dispatch(http); });
  const int port = server.bind();
  stopper.serving(&server);
  spdlog::info("Listening on http://{}:{}{}", config.host, port, config.static_prefix);
  server.run();
  stopper.serving(nullptr);
}

}  // namespace millrace
