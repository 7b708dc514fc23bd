// Paths as Python's posixpath sees them: text, whatever lies there.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace {

// posixpath.normpath: "." and repeated slashes go, "a/.." goes, exactly two leading slashes stay;
// "" is ".". Looks at no file.
std::string normalize_path(std::string_view path);

// Takes the first name, and the slashes before it, off the path; nothing when there is none.
std::optional<std::string_view> take_name(std::string_view& path);

}  // namespace millrace
