// What a database says of its own tables. A server may hold many databases and schemas: all this is
// about the one that statements without a schema's name lead to.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "store/db/administration.h"
#include "store/db/database.h"

namespace millrace {

std::vector<std::string> table_names(Session& session, Dialect dialect);

// The columns of each table; true where an INSERT must name the column.
using Columns = std::map<std::string, std::map<std::string, bool, std::less<>>, std::less<>>;
Columns columns_of(Session& session, Dialect dialect);

Columns columns_of(Administration& db);

std::vector<std::string> index_names(Session& session, Dialect dialect);

// Whether a name is one of those that Millrace adds: millrace_*.
bool is_ours(std::string_view name);

// The statements that drop everything named millrace_*, in order.
std::vector<std::string> drops_of_ours(Session& session, Dialect dialect);

}  // namespace millrace
