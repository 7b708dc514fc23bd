// Paths of the local file system as Python's pathlib sees them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace {

// Path(path).resolve(): absolute, with every symbolic link on the way followed. What does not exist
// is taken as an ordinary name, so "missing/../link" still follows the link. Nothing where Python
// raises: a NUL, a loop of links, a link that cannot be read.
std::optional<std::string> resolve_path(std::string_view path);

// Whether `path` is `folder` or lies below it. Both come from resolve_path.
bool is_within(std::string_view path, std::string_view folder);

}  // namespace millrace
