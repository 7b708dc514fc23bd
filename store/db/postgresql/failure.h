// PostgreSQL's error codes.
#pragma once

#include <string_view>

#include "store/db/server/failure.h"

namespace millrace {

// `words`: the server's message, in whatever language.
Failure postgresql_failure(std::string_view state, std::string_view words);

}  // namespace millrace
