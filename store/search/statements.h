// Text to statements with their groups: sqlparse.parse.
#pragma once

#include <string_view>

#include "store/search/sql_token.h"

namespace millrace::search {

// Blanks alone make no statement. The text must outlive the result. sqlparse refuses over 10,000
// tokens in one group and over 100 levels of groups; over 100,000 tokens in all are refused too,
// which is ours and bounds memory.
ParsedSql try_parse_sql(std::string_view text);

// The same. Throws INVALID_PARAMETER_VALUE "Error on parsing {what} '{text}'" for a refusal.
ParsedSql parse_sql(std::string_view text, std::string_view what);

}  // namespace millrace::search
