// The only translation of SQLite's and SOCI's errors.
#pragma once

#include <soci/soci.h>

namespace millrace {

// Throws the Error that stands for `error` (see Session for which) and logs what is no fault of the
// request. The message has neither SQL nor values, and the log no values: what() holds both.
[[noreturn]] void throw_translated(const soci::soci_error& error);

}  // namespace millrace
