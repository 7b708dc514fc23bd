#include "api/commands/serve.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>

#include "api/commands/certificate_renewal.h"
#include "api/commands/database_wait.h"
#include "api/commands/outside_locations.h"
#include "api/commands/stopper.h"
#include "api/http/server.h"
#include "api/http/spill.h"
#include "api/http/tls.h"
#include "api/rest/app.h"
#include "api/rest/dispatch.h"
#include "api/rest/memory.h"
#include "artifacts/location.h"
#include "artifacts/writable.h"
#include "store/common/error.h"
#include "store/db/database.h"
#include "store/db/database_uri.h"
#include "store/db/sqlite/uri.h"
#include "store/schema/additive_indexes.h"
#include "store/schema/own_tables.h"
#include "store/schema/prepare.h"
#include "store/text/log_text.h"
#include "store/tracking/registries.h"

namespace millrace {
namespace {

std::unique_ptr<Db> open_store(const std::string& uri, const Config& config,
                               const std::optional<DefaultExperiment>& experiment) {
  std::unique_ptr<Db> db;
  const auto open = [&] { db = std::make_unique<Db>(DbOptions{uri, config.pool}); };
  // A SQLite file that is locked has been waited for already.
  if (parse_database_uri(uri).dialect == Dialect::Sqlite) {
    open();
  } else {
    try_until_reachable(open);
  }
  prepare_schema(*db, experiment, config.unknown_schema);
  create_own_tables(*db);
  create_additive_indexes(*db);
  // Before the time of the request, so that it is known whose fault it was.
  db->serve_requests(config.database_timeout * 9 / 10);
  return db;
}

// So that a gc which is not told of the registry knows that there is one; one in memory it can
// never be told of.
void note_registry(Db& tracking_db, const Config& config) {
  if (is_sqlite_memory(config.registry_store_uri)) return;
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

std::shared_ptr<TlsIdentity> tls_identity(const Config& config) {
  if (config.ssl_certfile.empty()) return nullptr;
  return std::make_shared<TlsIdentity>(
      TlsFiles{config.ssl_certfile, config.ssl_keyfile, config.ssl_ca_certs});
}

// Those that requests will need. Rights may come later, with a mount, and until then /readyz tells.
void check_folders(const Config& config, const ArtifactRoots& artifact_roots) {
  try_temporary_file();
  if (!artifact_roots.folder_of_new()) return;
  const int problem = why_not_writable(*artifact_roots.folder_of_new());
  if (problem == 0) return;
  const std::string text = "--artifacts-destination " + config.artifacts_destination + ": " +
                           std::generic_category().message(problem);
  if (problem == ENOTDIR) throw Error(ErrorCode::InternalError, text + ".");
  spdlog::warn("{}: no artifact can be stored", log_text(text));
}

}  // namespace

void serve(const Config& config) {
  Stopper stopper;
  // Before the databases: what is wrong with these is told at once.
  const auto tls = tls_identity(config);
  CertificateRenewal renewal(tls);
  const ArtifactRoots artifact_roots(config);
  check_folders(config, artifact_roots);
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
  const std::jthread cleaning([&](const std::stop_token& stop) {
    warn_of_outside_locations(*tracking_db, artifact_roots, stop);
    artifact_roots.remove_stale_uploads(stop);
  });
  Readiness readiness(
      readiness_checks(*tracking_db, separate ? registry_db.get() : nullptr, artifact_roots));
  App app{config, registry, *tracking_db, source_rules, artifact_roots, readiness};
  const Dispatch dispatch(app, security_settings(config));
  ServerOptions options;
  options.host = config.host;
  options.port = config.port;
  options.probe_paths = probe_paths(config.static_prefix);
  options.tls = tls;
  Server server(options, [&dispatch](HttpRequest& http) { return dispatch(http); });
  const int port = server.bind();
  const auto end_work = [&] {
    tracking_db->end_all();
    registry.end_all();
  };
  stopper.serving(server, end_work);
  renewal.start();
  give_back_start();
  spdlog::info("Listening on {}://{}{}", tls ? "https" : "http", address_text(config.host, port),
               config.static_prefix);
  server.run();
  stopper.served();
  end_work();
}

}  // namespace millrace
