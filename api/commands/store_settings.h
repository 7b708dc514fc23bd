// The settings of the databases, as `millrace server`, `gc` and `db` share them: what may stand in
// a store URI, and the environment variables of MLflow's that concern databases.
#pragma once

#include <string>
#include <string_view>

#include "api/settings/config.h"

namespace millrace {

// Checks the URIs of `config`, where an empty one of the registry becomes the backend store's, and
// reads the environment: MLFLOW_SQLALCHEMYSTORE_* into `config.pool`, MLFLOW_MYSQL_SSL_* into the
// URIs. Appends lines about what has no effect, and about URIs that mean two files, to `warnings`.
// Throws INVALID_PARAMETER_VALUE for a file store, an unknown kind of database and an option or
// variable that cannot be honoured; no message holds a password.
void read_store_settings(Config& config, std::string& warnings);

// Throws INVALID_PARAMETER_VALUE where a store is a database in memory. `verb`: "gc", "db",
// "backup".
void refuse_memory_stores(const Config& config, std::string_view verb);

// True when the folder holds experiments of MLflow's old file store (_has_existing_mlruns_data).
bool has_file_store_data(const std::string& folder);

}  // namespace millrace
