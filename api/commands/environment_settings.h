// The settings of a server that have a variable and no flag.
#pragma once

#include "api/settings/config.h"

namespace millrace {

// Throws INVALID_PARAMETER_VALUE for a bad value, INVALID_STATE where a variable is for clients
// only.
void read_environment_settings(Config& config);

}  // namespace millrace
