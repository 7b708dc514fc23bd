// Whether files can be put into a folder of this machine, found out without putting one there.
#pragma once

#include <cstdint>
#include <string>

namespace millrace {

// The folder itself or, where it is not there yet, the nearest one above: it is made when the first
// file comes.
std::string nearest_folder(std::string folder);

// What the system says against files in the folder, 0 for nothing: ENOTDIR, EACCES, EROFS, ...
int why_not_writable(const std::string& folder);

// Whether there are so many free bytes where the folder lies, and room for another file. True where
// the system does not tell.
bool has_room(const std::string& folder, std::uint64_t bytes);

}  // namespace millrace
