// The single rules of sqlparse's lexer (keywords.SQL_REGEX) that are no plain words.
// Each function looks at one position of the text and returns where its match ends, or 0 for none;
// a match is never empty.
#pragma once

#include <optional>
#include <string_view>

#include "store/search/sql_token.h"

namespace millrace::search::rules {

// Classes of characters as the patterns have them: Unicode, ignoring case.
bool is_space(char32_t code_point);
bool is_digit(char32_t code_point);
bool starts_word(char32_t code_point);  // [A-ZÀ-Ü]

// The code points at and before a position; 0 at the ends of the text.
char32_t code_point_at(std::string_view text, std::size_t position);
char32_t code_point_before(std::string_view text, std::size_t position);
// The position after the code point at one.
std::size_t after(std::string_view text, std::size_t position);

// The ends of the longest runs that begin at the position (the position itself when empty).
std::size_t skip_spaces(std::string_view text, std::size_t position);
std::size_t skip_word(std::string_view text, std::size_t position);

std::size_t line_comment(std::string_view text, std::size_t position);
std::size_t new_line(std::string_view text, std::size_t position);
std::size_t quoted_name(std::string_view text, std::size_t position);  // `..` and ´..´
std::size_t placeholder(std::string_view text, std::size_t position);  // ? %s %(x)s $1 :x
std::size_t command(std::string_view text, std::size_t position);      // \x
std::size_t marked_name(std::string_view text, std::size_t position);  // @x #x ##x
std::size_t plain_name(std::string_view text, std::size_t position);   // beside a dot, before (
std::size_t hexadecimal(std::string_view text, std::size_t position);
std::size_t floating_point(std::string_view text, std::size_t position);
std::size_t integer(std::string_view text, std::size_t position);
std::size_t quoted_string(std::string_view text, std::size_t position, char quote);
std::size_t bracketed_name(std::string_view text, std::size_t position);  // [x y]
std::size_t go_count(std::string_view text, std::size_t position);        // GO 2
std::size_t time_zone_cast(std::string_view text, std::size_t position);  // AT TIME ZONE 'x'
std::size_t word(std::string_view text, std::size_t position);
std::size_t json_operator(std::string_view text, std::size_t position);  // -> #>> @> ...

// A run of characters out of `set` (ASCII).
std::size_t run_of(std::string_view text, std::size_t position, std::string_view set);

// `words` at the position, each blank standing for a run of white space, letters in any case, and
// no word character behind.
std::size_t phrase(std::string_view text, std::size_t position, std::string_view words);

}  // namespace millrace::search::rules
