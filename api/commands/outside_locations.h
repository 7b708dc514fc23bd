// Artifacts that a database names and a server with these roots does not serve: after a swap of
// servers each request for them would be refused.
#pragma once

#include <cstddef>
#include <map>
#include <stop_token>
#include <string>

#include "api/rules/artifact_roots.h"
#include "store/db/database.h"

namespace millrace {

struct OutsideLocations {
  std::map<std::string, std::size_t> folders;  // in which so many experiments have theirs
  std::size_t experiments = 0;
  bool is_all = true;  // else there may be more: only so many experiments are looked at
};

// Of active experiments. Looks at the folders of this machine, until `stop` asks for an end.
OutsideLocations find_outside_locations(Db& tracking, const ArtifactRoots& roots,
                                        const std::stop_token& stop = {});

// Says in the log, in one line, how many there are, if there are some. Throws nothing.
void warn_of_outside_locations(Db& tracking, const ArtifactRoots& roots,
                               const std::stop_token& stop);

}  // namespace millrace
