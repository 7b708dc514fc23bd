// The indexes that keep reads and searches fast where MLflow's are missing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/common/sql_dialect.h"

namespace millrace::search {

struct Index {
  std::string_view name;
  std::string statement;  // CREATE INDEX
};

// The searches are right without them, and MLflow keeps them up to date without knowing of them.
std::vector<Index> indexes(Dialect dialect);

}  // namespace millrace::search
