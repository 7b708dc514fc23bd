// Where things lie below an artifact root.
#pragma once

#include <string>
#include <string_view>

namespace millrace {

// MLflow's append_to_uri_path: `path` joined to the path of `uri`, in front of its query. A text
// without scheme is a POSIX path. append_to_uri_path("s3://b/r?x=1", "7") is "s3://b/r/7?x=1".
// Throws INVALID_PARAMETER_VALUE when the query holds a ".." segment.
std::string append_to_uri_path(std::string_view uri, std::string_view path);

// A local path or file: URI that is relative becomes absolute below the current folder; "." and
// doubled slashes go, ".." stays. Any other URI comes back unchanged (MLflow's
// resolve_uri_if_local).
std::string resolve_if_local(const std::string& uri);

}  // namespace millrace
