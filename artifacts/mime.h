// The content type of an artifact by its name.
#pragma once

#include <string_view>

namespace millrace {

// _guess_mime_type, with the table of Python 3.11 (mimetypes) and what Debian's mime.types adds for
// the formats that artifacts have; MLflow's answer depends on such files of its machine.
std::string_view mime_type(std::string_view file_name);

}  // namespace millrace
