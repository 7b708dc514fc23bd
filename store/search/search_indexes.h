// The indexes that keep the searches fast where MLflow's are missing.
#pragma once

#include <span>
#include <string_view>

namespace millrace::search {

// CREATE INDEX IF NOT EXISTS statements for SQLite. The searches are right without them, and MLflow
// keeps them up to date without knowing of them.
extern const std::span<const std::string_view> sqlite_indexes;

}  // namespace millrace::search
