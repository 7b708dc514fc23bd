// Paths as Python's posixpath sees them: text, whatever lies there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace {

// posixpath.normpath: "." and repeated slashes go, "a/.." goes, exactly two leading slashes stay;
// "" is ".". Looks at no file.
std::string normalize_path(std::string_view path);

// Appends the names between slashes, the first one last, so that it is popped first.
void push_names(std::vector<std::string>& names, std::string_view path);

}  // namespace millrace
