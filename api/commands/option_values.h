// Values of options and environment variables: how they are read, and what is said about a bad one,
// both as click does it for MLflow. `names` is an option's list of names such as "--port,-p", or
// the name of a variable.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace {

// Throws INVALID_PARAMETER_VALUE: Invalid value for '--port' / '-p': {problem}
[[noreturn]] void throw_invalid_value(std::string_view names, const std::string& problem);

// A decimal integer from `low` to `high`, both included; throws as above.
long long parse_integer(std::string_view names, std::string_view text, long long low,
                        long long high);

// click's words for yes and no, in any case; throws as above.
bool parse_boolean(std::string_view names, const std::string& text);

// The parts between commas, without the white space around them. An empty text has no parts.
std::vector<std::string> split_list(std::string_view text);

// The environment variable's value; empty when it is not set.
std::string environment(const char* name);

// ASCII only.
std::string to_lower(std::string text);
std::string to_upper(std::string text);

}  // namespace millrace
