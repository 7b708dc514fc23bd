#include "api/commands/backup_places.h"

#include <algorithm>
#include <optional>

#include "api/backup/manifest.h"
#include "artifacts/real_path.h"
#include "store/common/error.h"
#include "store/db/database_uri.h"
#include "store/db/sqlite/uri.h"
#include "store/text/uri.h"

namespace millrace {
namespace {

constexpr const char* kBackendOption = "--backend-store-uri";
constexpr const char* kRegistryOption = "--registry-store-uri";
constexpr const char* kDestinationOption = "--artifacts-destination";
constexpr const char* kRootOption = "--default-artifact-root";

std::string real_path(const std::string& path, const char* option) {
  auto resolved = resolve_path(path);
  if (!resolved) throw_invalid_parameter(std::string(option) + ": the path cannot be followed.");
  return *resolved;
}

bool is_sqlite(const std::string& uri) {
  return parse_database_uri(uri).dialect == Dialect::Sqlite;
}

bool is_sqlite_file(const std::string& uri) { return is_sqlite(uri) && !is_sqlite_memory(uri); }

bool is_of_proxy(const std::string& uri) {
  const std::string scheme = uri_scheme(uri);
  return scheme == "mlflow-artifacts" || scheme == "http" || scheme == "https";
}

// The folder that a setting names, unless it lies elsewhere, which is told.
std::optional<std::string> folder_of_setting(const std::string& uri, const char* option,
                                             BackupPlaces& places) {
  if (is_local_uri(uri)) return real_path(local_path(uri), option);
  if (!is_of_proxy(uri)) {
    places.elsewhere.push_back("What lies at " + without_password(uri) + " (" + option +
                               ") is no folder of this machine and not included.");
  }
  return std::nullopt;
}

void add_databases(const Config& config, BackupPlaces& places) {
  const auto path_of = [](const std::string& uri, const char* option) {
    return real_path(sqlite_location(uri), option);
  };
  if (!is_sqlite_file(config.backend_store_uri)) return;
  const std::string backend = path_of(config.backend_store_uri, kBackendOption);
  places.databases.push_back({std::string(kDatabaseMember), option_of(kDatabaseMember), backend});
  if (!is_sqlite_file(config.registry_store_uri)) return;
  const std::string registry = path_of(config.registry_store_uri, kRegistryOption);
  if (registry == backend) return;
  places.databases.push_back({std::string(kRegistryMember), option_of(kRegistryMember), registry});
}

}  // namespace

std::string option_of(std::string_view member) {
  if (member == kDatabaseMember) return kBackendOption;
  if (member == kRegistryMember) return kRegistryOption;
  return member == kArtifactsMember ? kDestinationOption : kRootOption;
}

BackupPlaces backup_places(const Config& config, bool with_databases) {
  BackupPlaces places;
  if (with_databases) add_databases(config, places);
  std::optional<std::string> served;
  if (config.serve_artifacts) {
    served = folder_of_setting(config.artifacts_destination, kDestinationOption, places);
  }
  const auto root = folder_of_setting(config.default_artifact_root, kRootOption, places);
  if (served && !(root && *root != *served && is_within(*served, *root))) {
    places.folders.push_back({std::string(kArtifactsMember), option_of(kArtifactsMember), *served});
  }
  if (root && !(served && is_within(*root, *served))) {
    places.folders.push_back(
        {std::string(kArtifactRootMember), option_of(kArtifactRootMember), *root});
  }
  return places;
}

bool holds_artifacts_of(const BackupPlaces& places, const std::string& uri) {
  if (is_of_proxy(uri)) return true;
  const std::string scheme = uri_scheme(uri);
  if (!scheme.empty() && scheme != "file") return false;
  const auto folder = resolve_path(local_path(uri));
  return folder && std::any_of(places.folders.begin(), places.folders.end(),
                               [&folder](const BackupPlace& place) {
                                 return is_within(*folder, place.path);
                               });
}

void require_sqlite_stores(const Config& config, std::string_view verb) {
  struct Store {
    const char* option;
    const std::string& uri;
  };
  for (const Store& store : {Store{kBackendOption, config.backend_store_uri},
                             Store{kRegistryOption, config.registry_store_uri}}) {
    if (is_sqlite(store.uri)) continue;
    const bool mysql = parse_database_uri(store.uri).dialect == Dialect::Mysql;
    const bool saves = verb == "backup";
    const char* tool = mysql ? (saves ? "mysqldump --single-transaction" : "mysql")
                             : (saves ? "pg_dump" : "pg_restore, or psql");
    throw_invalid_parameter(
        std::string(store.option) + ": 'millrace " + std::string(verb) +
        "' is for SQLite databases. For this one use its own tool (" + tool + ")" +
        (saves ? "; with --artifacts-only the folders of artifacts are saved." : "."));
  }
}

}  // namespace millrace
