// MySQL's and MariaDB's error codes.
#pragma once

#include <string>

#include "store/db/server/failure.h"

namespace millrace {

// `on_cluster`: whether the server is a node of a Galera cluster.
Failure mysql_failure(unsigned code, bool on_cluster);

}  // namespace millrace
