// The settings of the databases, as `millrace server`, `gc` and `db` share them: what may stand in
// a store URI, and the environment variables of MLflow's that concern databases.
#pragma once

#include <string>

#include "api/settings/config.h"

namespace millrace {

// Checks the URIs of `config`, where an empty one of the registry becomes the backend store's, and
// reads the environment: MLFLOW_SQLALCHEMYSTORE_* into `config.pool`, MLFLOW_MYSQL_SSL_* into the
// URIs. Appends lines about what has no effect to `warnings`.
// Throws INVALID_PARAMETER_VALUE for a file store, an unknown kind of database and an option or
// variable that cannot be honoured; no message holds a password.
void read_store_settings(Config& config, std::string& warnings);

// True when the folder holds experiments of MLflow's old file store (_has_existing_mlruns_data).
bool has_file_store_data(const std::string& folder);

}  // namespace millrace
