// `millrace server`: opens the stores and serves.
#pragma once

#include "api/settings/config.h"

namespace millrace {

// Serves until SIGTERM or SIGINT. Throws Error with a message for the administrator when a store
// cannot be opened or the address cannot be listened on.
void serve(const Config& config);

}  // namespace millrace
