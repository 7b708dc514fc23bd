#include "store/search/search_indexes.h"

namespace millrace::search {
namespace {

// The workspace comes first because SQLite, without statistics, takes the index with the most
// columns that are given. The one on run_id has none: it would be taken as a way to all rows.
// A tag's value may be a whole prompt; its beginning, written as search_sql.cpp does, is enough.
constexpr std::string_view statements[] = {
    ("CREATE INDEX IF NOT EXISTS millrace_registered_models_last_updated "
     "ON registered_models (workspace, last_updated_time DESC, name)"),
    ("CREATE INDEX IF NOT EXISTS millrace_registered_model_tags_value "
     "ON registered_model_tags (workspace, key, substr(value, 1, 64), name)"),
    ("CREATE INDEX IF NOT EXISTS millrace_model_versions_last_updated "
     "ON model_versions (workspace, last_updated_time DESC, name, version DESC)"),
    "CREATE INDEX IF NOT EXISTS millrace_model_versions_run_id ON model_versions (run_id)",
    ("CREATE INDEX IF NOT EXISTS millrace_model_version_tags_value "
     "ON model_version_tags (workspace, key, substr(value, 1, 64), name, version)"),
};

}  // namespace

const std::span<const std::string_view> sqlite_indexes = statements;

}  // namespace millrace::search
