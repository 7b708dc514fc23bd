// The only translation of SQLite's and SOCI's errors.
#pragma once

#include <soci/soci.h>

#include <string>

#include "store/common/error.h"

namespace millrace {

// SQLite could not open the file, its log or its journal, and does not say why.
class SqliteCannotOpen : public Error {
 public:
  using Error::Error;
};

// The reason for that, as far as a look at the file and its folder shows one; else empty. For
// administrators: it may name the folder.
std::string why_sqlite_cannot_open(const std::string& path);

// Throws the Error that stands for `error` (see Session for which) and logs what is no fault of the
// request. The message has neither SQL nor values, and the log no values: what() holds both.
[[noreturn]] void throw_translated(const soci::soci_error& error);

}  // namespace millrace
