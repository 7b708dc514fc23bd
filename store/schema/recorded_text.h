// The texts beside this file, which scripts/record_schema wrote, taken apart.
#pragma once

#include <string_view>
#include <vector>

#include "store/schema/family.h"

namespace millrace {

// The parts of `text`, each of which ends with `end`, without it.
std::vector<std::string_view> split_recorded(std::string_view text, std::string_view end);

// The lines "ID RELEASE", where "?" stands for a release that nobody has looked up.
std::vector<Revision> parse_revisions(std::string_view text);

}  // namespace millrace
