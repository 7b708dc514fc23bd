#include "api/commands/store_settings.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <limits>
#include <string_view>
#include <system_error>

#include "api/commands/option_values.h"
#include "store/common/error.h"
#include "store/db/connection_options.h"
#include "store/db/database_uri.h"
#include "store/db/sqlite/uri.h"
#include "store/text/uri.h"

namespace millrace {
namespace {

constexpr long long kMostSessions = 100'000;

// File stores are a folder of YAML files; MLflow itself moves them into a database.
void refuse_file_store(const char* flag, const std::string& uri) {
  const std::string scheme = uri_scheme(uri);
  if (!scheme.empty() && scheme != "file") return;
  std::string folder = scheme.empty() ? uri : uri.substr(sizeof("file:") - 1);
  if (folder.starts_with("//")) folder.erase(0, 2);
  throw_invalid_parameter(
      std::string(flag) + ": '" + uri +
      "' is a file store, which Millrace does not open. Move it into a database with 'mlflow "
      "migrate-filestore --source " +
      folder +
      " --target sqlite:///mlflow.db', then start with --backend-store-uri sqlite:///mlflow.db.");
}

// MLflow hands its variables to the driver beside the URI, where PyMySQL does not check the
// server's name.
std::string with_tls_of_environment(const std::string& uri) {
  struct File {
    const char* variable;
    const char* option;
  };
  std::string result = uri;
  for (const File& file :
       {File{"MLFLOW_MYSQL_SSL_CA", "ssl_ca"}, File{"MLFLOW_MYSQL_SSL_CERT", "ssl_cert"},
        File{"MLFLOW_MYSQL_SSL_KEY", "ssl_key"}}) {
    const std::string path = environment(file.variable);
    if (!path.empty()) result = with_option(result, file.option, path);
  }
  if (result == uri) return uri;
  for (const auto& [name, value] : parse_database_uri(uri).options) {
    if (name == "ssl_check_hostname" || name == "ssl_verify_identity" || name == "ssl_mode") {
      return result;
    }
  }
  return with_option(result, "ssl_check_hostname", "false");
}

void read_store(const char* flag, std::string& uri) {
  refuse_file_store(flag, uri);
  try {
    if (parse_database_uri(uri).dialect == Dialect::Mysql) uri = with_tls_of_environment(uri);
    check_database_uri(uri);
    if (is_sqlite_memory(uri)) uri = kSqliteMemory;  // one and the same, however it is written
  } catch (const Error& error) {                     // which of the two URIs only this place knows
    throw_invalid_parameter(std::string(flag) + ": " + error.message());
  }
}

void warn_of_escapes(const char* flag, const std::string& uri, std::string& warnings) {
  if (parse_database_uri(uri).dialect != Dialect::Sqlite) return;
  const std::string notice = sqlite_uri_notice(uri);
  if (!notice.empty()) warnings += std::string("WARNING: ") + flag + ": " + notice + "\n";
}

class PoolSettings {
 public:
  PoolSettings(PoolOptions& pool, std::string& warnings) : pool_(pool), warnings_(warnings) {}

  // As in MLflow 0 stands for the default, except for the overflow, where it means what it says.
  void read() {
    const long long size = number("MLFLOW_SQLALCHEMYSTORE_POOL_SIZE", 0, kMostSessions, 0);
    if (size > 0) pool_.size = static_cast<std::size_t>(size);
    const long long overflow = number("MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW", -1, kMostSessions,
                                      static_cast<long long>(pool_.overflow));
    pool_.overflow = static_cast<std::size_t>(overflow < 0 ? kMostSessions : overflow);
    const long long recycle = number("MLFLOW_SQLALCHEMYSTORE_POOL_RECYCLE", -1,
                                     std::numeric_limits<std::int32_t>::max(), 0);
    pool_.recycle = std::chrono::seconds(recycle < 0 ? 0 : recycle);
    read_class();
    read_echo();
  }

 private:
  long long number(const char* name, long long low, long long high, long long absent) {
    const std::string value = environment(name);
    return value.empty() ? absent : parse_integer(name, value, low, high);
  }

  void read_class() {
    constexpr const char* kName = "MLFLOW_SQLALCHEMYSTORE_POOLCLASS";
    const std::string value = environment(kName);
    if (value.empty() || value == "QueuePool") return;
    if (value == "NullPool") {
      pool_.overflow += pool_.size;
      pool_.size = 0;
      return;
    }
    for (const std::string_view known :
         {"AssertionPool", "AsyncAdaptedQueuePool", "FallbackAsyncAdaptedQueuePool",
          "SingletonThreadPool", "StaticPool"}) {
      if (value != known) continue;
      warnings_ += std::string("WARNING: ") + kName + "=" + value +
                   " has no effect in Millrace: its pool works like QueuePool.\n";
      return;
    }
    throw_invalid_value(kName, "'" + value + "' is not QueuePool or NullPool.");
  }

  void read_echo() {
    constexpr const char* kName = "MLFLOW_SQLALCHEMYSTORE_ECHO";
    const std::string value = environment(kName);
    if (value.empty() || !parse_boolean(kName, value)) return;
    warnings_ += std::string("WARNING: ") + kName +
                 " has no effect in Millrace: statements hold values of users and are not "
                 "logged.\n";
  }

  PoolOptions& pool_;
  std::string& warnings_;
};

}  // namespace

void read_store_settings(Config& config, std::string& warnings) {
  constexpr const char* kBackend = "--backend-store-uri";
  constexpr const char* kRegistry = "--registry-store-uri";
  if (config.registry_store_uri.empty()) config.registry_store_uri = config.backend_store_uri;
  read_store(kBackend, config.backend_store_uri);
  read_store(kRegistry, config.registry_store_uri);
  warn_of_escapes(kBackend, config.backend_store_uri, warnings);
  if (config.registry_store_uri != config.backend_store_uri) {
    warn_of_escapes(kRegistry, config.registry_store_uri, warnings);
  }
  PoolSettings(config.pool, warnings).read();
}

void refuse_memory_stores(const Config& config, std::string_view verb) {
  if (!is_sqlite_memory(config.backend_store_uri) && !is_sqlite_memory(config.registry_store_uri)) {
    return;
  }
  throw_invalid_parameter(std::string(kSqliteMemory) +
                          " is a database in memory, which only the server that has it can see: "
                          "there is nothing for 'millrace " +
                          std::string(verb) + "'.");
}

bool has_file_store_data(const std::string& folder) {
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    std::string name = it->path().filename().string();
    bool is_experiment_id =
        std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isdigit(c); });
    if (!is_experiment_id || !it->is_directory(error)) continue;
    auto meta = std::filesystem::symlink_status(it->path() / "meta.yaml", error);
    if (std::filesystem::exists(meta)) return true;
    error.clear();
  }
  return false;
}

}  // namespace millrace
