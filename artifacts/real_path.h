// Paths of the local file system as Python's pathlib sees them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace {

// Path(path).resolve(): absolute, with every symbolic link on the way followed. What does not exist
// is taken as an ordinary name, so "missing/../link" still follows the link. Nothing where Python
// raises: a NUL, a loop of links, a link that cannot be read; nor for a path of PATH_MAX bytes or
// more, which the kernel opens nowhere.
std::optional<std::string> resolve_path(std::string_view path);

// The same where no link is on the way, found from the text alone. "" where there is no working
// folder.
std::string path_without_links(std::string_view path);

// Whether `path` is `folder` or lies below it. Both come from resolve_path.
bool is_within(std::string_view path, std::string_view folder);

}  // namespace millrace
