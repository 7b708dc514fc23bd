// SOCI's connect strings for MySQL, key='value' with backslashes.
#pragma once

#include <map>
#include <string>

namespace millrace {

std::map<std::string, std::string> parse_connect_string(const std::string& connect_string);
std::string make_connect_string(const std::map<std::string, std::string>& values);

}  // namespace millrace
