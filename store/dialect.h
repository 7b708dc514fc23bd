// The few questions on which the SQL dialects differ.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "store/common/sql_dialect.h"

namespace millrace {

// What ends a SELECT in a write body whose row must stay as it was read until the commit. Empty on
// SQLite, where a writer is alone.
std::string_view row_lock(Dialect dialect);

// The ORDER BY term for the tags of one entity, in the order that MLflow's answers have there:
// insertion on SQLite, key elsewhere. `tags` is the table's name or alias in the statement.
std::string tag_order(Dialect dialect, std::string_view tags);

// An INSERT of one row, its values bound in the order key, values; a row that has the key already
// takes the values over. Where a collation finds differently spelled keys equal, it takes the
// spelling over too.
std::string upsert(Dialect dialect, std::string_view table,
                   std::initializer_list<std::string_view> key,
                   std::initializer_list<std::string_view> values);

}  // namespace millrace
