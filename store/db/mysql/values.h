// Values in the text of a statement: the client library prepares statements on the server only,
// which would be a journey more.
#pragma once

#include <mysql.h>

#include <string>
#include <string_view>

#include "store/common/value.h"

namespace millrace {

// The statement with its values in place of the placeholders. Throws DatabaseFailure (Refused) for
// a number that the server does not have, and INTERNAL_ERROR for another number of values.
std::string mysql_text(MYSQL& connection, std::string_view sql, const Values& values);

}  // namespace millrace
