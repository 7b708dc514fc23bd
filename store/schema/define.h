// Changes of a schema, by one process at a time.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "store/db/database.h"

namespace millrace {

// Once nobody else changes the schema, asks `wanted` which statements are to run, and runs them: in
// one transaction, but on MySQL and MariaDB, where each definition is final. There what exists
// already (see administration.h) is passed over, and a row may be inserted or updated. Throws
// PERMISSION_DENIED where the database refuses writes.
void define(Db& db, const std::function<std::vector<std::string>(Session&)>& wanted);

}  // namespace millrace
