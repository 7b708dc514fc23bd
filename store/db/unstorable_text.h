// Conditions on texts with characters that the database's charset lacks. No row has such a text,
// so that nothing equals it and all differ from it; but servers refuse to compare with it.
#pragma once

#include <string>
#include <string_view>

#include "store/db/session.h"

namespace millrace {

// After MySQL has refused a statement with Unstorable: the same one, which compares every text that
// is not ASCII in UTF-8, where all texts have a place. Right for each operator, but made without
// the column's index. Throws INTERNAL_ERROR if there is no such text, so that it is not the reason.
std::string compared_in_utf8(std::string_view sql, const Values& values);

// PostgreSQL takes such a text for no value at all. These values, with a random text, which no row
// has either, in the place of each that cannot be stored: one with the character NUL and, if the
// database `lacks_characters`, one that it refuses when it is asked.
Values storable_values(Session& session, const Values& values, bool lacks_characters);

// Whether storable_values has anything to look at.
bool may_be_unstorable(const Values& values, bool lacks_characters);

}  // namespace millrace
