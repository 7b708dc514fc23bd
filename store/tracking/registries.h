// Where the registered versions lie that use what a tracking database holds. A server whose
// registry is another database says so in its tracking database (table millrace_registries), so
// that gc does not take what their versions use for unused when it is not told of the registry.
#pragma once

#include <string>
#include <vector>

#include "store/db/database.h"

namespace millrace::tracking {

// A registry's database for messages: kind, host, port and name, or libpq's service, never a user,
// a password or another option; what a PostgreSQL URI leaves out is looked up where libpq has it.
// Two texts of the same URI are equal. Throws as parse_database_uri and sqlite_location.
std::string registry_place(const std::string& uri);

// Stays until detach takes all that is Millrace's: servers of one tracking database may differ, and
// to keep too much is the smaller fault.
void record_registry(Work& work, const std::string& place);

// By their texts; none where all servers so far had their versions in this database.
std::vector<std::string> recorded_registries(Work& work);

}  // namespace millrace::tracking
