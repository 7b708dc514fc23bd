#include "api/json/value.h"

#include <charconv>

namespace millrace {

Json big_integer(std::string_view digits) {
  return Json::binary({digits.begin(), digits.end()}, kBigIntegerSubtype);
}

bool is_big_integer(const Json& value) {
  return value.is_binary() && value.get_binary().has_subtype() &&
         value.get_binary().subtype() == kBigIntegerSubtype;
}

bool is_integer(const Json& value) { return value.is_number_integer() || is_big_integer(value); }

std::string integer_text(const Json& value) {
  if (is_big_integer(value)) return {value.get_binary().begin(), value.get_binary().end()};
  if (value.is_number_unsigned()) return std::to_string(value.get<std::uint64_t>());
  return std::to_string(value.get<std::int64_t>());
}

std::optional<double> to_double(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (!is_big_integer(value)) return std::nullopt;
  std::string digits = integer_text(value);
  double number = 0;
  auto result = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (result.ec != std::errc()) return std::nullopt;
  return number;
}

std::string_view python_type_name(const Json& value) {
  switch (value.type()) {
    case Json::value_t::string:
      return "str";
    case Json::value_t::boolean:
      return "bool";
    case Json::value_t::number_float:
      return "float";
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
    case Json::value_t::binary:
      return "int";
    case Json::value_t::array:
      return "list";
    case Json::value_t::object:
      return "dict";
    case Json::value_t::null:
    case Json::value_t::discarded:
      break;
  }
  return "NoneType";
}

}  // namespace millrace
