// The schema revision of a database file that no server uses.
#pragma once

#include <string>

namespace millrace {

// The revision of MLflow's schema in the SQLite file at `path`. Throws INVALID_STATE when it has
// none, or one that Millrace does not know, as of a newer MLflow. Changes nothing.
std::string known_revision_of_file(const std::string& path);

// Throws INVALID_STATE unless Millrace knows the revision.
void require_known_revision(const std::string& revision);

}  // namespace millrace
