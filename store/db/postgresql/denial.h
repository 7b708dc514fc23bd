// Why PostgreSQL gives no connection.
#pragma once

#include <string>

namespace millrace {

// Whether a connection that failed with libpq's `message` will not come by waiting. Where the
// server has answered it is asked again, since libpq gives no code of it but in another form of the
// message: texts are in the server's language.
bool is_denied_by_postgresql(const std::string& connect_string, const std::string& message);

}  // namespace millrace
