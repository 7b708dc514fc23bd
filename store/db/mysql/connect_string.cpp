#include "store/db/mysql/connect_string.h"

namespace millrace {

std::map<std::string, std::string> parse_connect_string(const std::string& connect_string) {
  std::map<std::string, std::string> values;
  for (std::size_t at = 0; at < connect_string.size();) {
    const std::size_t equals = connect_string.find("='", at);
    std::string& value = values[connect_string.substr(at, equals - at)];
    for (at = equals + 2; connect_string.at(at) != '\''; ++at) {
      if (connect_string[at] == '\\') ++at;
      value += connect_string.at(at);
    }
    at += 2;  // the quote and a space
  }
  return values;
}

std::string make_connect_string(const std::map<std::string, std::string>& values) {
  std::string result;
  for (const auto& [key, value] : values) {
    result += (result.empty() ? "" : " ") + key + "='";
    for (const char c : value) {
      if (c == '\'' || c == '\\') result += '\\';
      result += c;
    }
    result += '\'';
  }
  return result;
}

}  // namespace millrace
