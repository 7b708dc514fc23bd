// The fields of one level as they are answered: those with one key together, from all parents and
// fragments (specification, section 6.3.2 and 5.3.2).
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/graphql/document.h"

namespace millrace::graphql {

using Group = std::vector<const Selection*>;
using Groups = std::vector<std::pair<std::string, Group>>;  // in the order of the query

// Fragments that do not exist are left out. How often one is used on the way is added to `uses`.
Groups merged_fields(const Document& document, const Group& parents, std::size_t* uses = nullptr);

// What keeps the fields below the parents from being answered together, in graphql-core's words;
// nothing when all can. The document must keep the limits, which bounds the depth.
std::optional<std::string> field_conflict(const Document& document, const Group& parents);

}  // namespace millrace::graphql
