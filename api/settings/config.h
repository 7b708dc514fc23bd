// The room api/settings: every setting of the server, and nothing that reads or uses one. A setting
// is a member here with its default, and one line in api/commands/ that names its flag and
// environment variable; nothing else reads the command line or the environment. May use the options
// of store/db and store/schema.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "store/db/pool_options.h"
#include "store/schema/unknown_schema.h"

namespace millrace {

// MLflow's version whose REST API this server speaks, and our own.
inline constexpr const char* kMlflowVersion = "3.17.2";
inline constexpr const char* kMillraceVersion = "0.1.0";

struct Config {
  // Where to listen. Port 0 lets the system choose.
  std::string host = "127.0.0.1";
  int port = 5000;
  // Files in PEM form: with a certificate the server speaks TLS, with the others' issuers it asks
  // clients for theirs. An empty key: it is in the file of the certificate.
  std::string ssl_certfile;
  std::string ssl_keyfile;
  std::string ssl_ca_certs;
  // The peers whose X-Forwarded-Proto is believed (api/http/trusted_proxies.h).
  std::vector<std::string> forwarded_allow_ips = {"127.0.0.1"};

  // SQLAlchemy's form of database address: sqlite:///relative.db, mysql+pymysql://u:p@host/db, ...
  // (store/db/database_uri.h). Never a file store.
  std::string backend_store_uri = "sqlite:///mlflow.db";
  std::string registry_store_uri;  // equals backend_store_uri unless it was given
  PoolOptions pool;                // of each of the two
  // After which a request's work in the databases is ended.
  std::chrono::milliseconds database_timeout{30'000};
  // Of each of the two, where the schema has a revision that Millrace does not know.
  UnknownSchema unknown_schema = UnknownSchema::Refuse;

  // Where experiments made from now on keep their artifacts: a URI, or an absolute path.
  std::string default_artifact_root = "mlflow-artifacts:/";
  bool serve_artifacts = true;
  bool artifacts_only = false;  // nothing but artifacts by their proxy
  std::string artifacts_destination = "./mlartifacts";
  // Folders beside these two below which stored artifact locations may lie.
  std::vector<std::string> artifact_roots;

  // Empty, or a prefix such as "/mlflow" that begins with a slash and does not end with one.
  std::string static_prefix;

  // Shell globs over the Host header, and origins as browsers send them. Empty: MLflow's default
  // lists.
  std::vector<std::string> allowed_hosts;
  std::vector<std::string> cors_allowed_origins;
  bool disable_security_middleware = false;
  std::string x_frame_options = "SAMEORIGIN";  // upper case; "NONE": the header is left out

  // MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES, in lower case.
  std::vector<std::string> allowed_host_addressed_artifact_schemes;
  // MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX in RE2's syntax; empty: no check.
  std::string model_version_source_regex;
  // MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH, in characters.
  std::size_t artifact_location_max_length = 2048;
  // MLFLOW_TRUNCATE_LONG_VALUES: whether too long values of params and run tags are cut or refused.
  bool truncate_long_values = true;
  // MLFLOW_SERVER_GRAPHQL_MAX_ROOT_FIELDS and MLFLOW_SERVER_GRAPHQL_MAX_ALIASES.
  std::size_t graphql_max_root_fields = 10;
  std::size_t graphql_max_aliases = 10;
  // MLFLOW_ENABLE_AI_GATEWAY: what server-info tells about the gateway.
  bool ai_gateway_enabled = true;
};

}  // namespace millrace
