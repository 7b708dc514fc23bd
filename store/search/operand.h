// The two sides of a clause as values: quotes taken off, numbers and lists read.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "store/search/sql_token.h"
#include "store/text/python_text.h"

namespace millrace::search {

// A value of a filter. An integer may be beyond int64 (python::Int::fits).
using Operand = std::variant<std::string, python::Int, double, std::vector<std::string>>;

// Whether a clause's right side can be a text: '...' or an identifier, which "..." is too.
bool is_text_token(const Token& token);
bool is_number_token(const Token& token);

// Single or double quotes taken off, if there are any; SearchUtils._strip_quotes.
std::string_view strip_quotes(std::string_view text);
// The same where quotes must be; else throws INVALID_PARAMETER_VALUE with MLflow's text.
std::string_view unquote(std::string_view text);
// SearchUtils._trim_backticks.
std::string_view trim_backticks(std::string_view text);

// int() or float() of a number's text, by its token type. Throws INVALID_PARAMETER_VALUE for an
// integer of over 4300 digits, where MLflow fails.
Operand number_value(const Token& token);
// float() of a number's text, of either token type.
double real_value(const Token& token);
// The text that a tag is compared with. Throws INVALID_PARAMETER_VALUE for anything else.
Operand tag_value(const Token& token);

bool contains(std::span<const std::string_view> items, std::string_view wanted);

}  // namespace millrace::search
