#include "api/rest/json_conversion.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "api/json/writer.h"
#include "store/common/error.h"
#include "store/text/python_text.h"

namespace millrace {
namespace {

// protobuf's json_name: each '_' falls and the letter behind it is a capital.
std::string camel_case(std::string_view name) {
  std::string camel;
  bool capital = false;
  for (const char c : name) {
    if (c == '_') {
      capital = true;
    } else {
      camel += capital && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      capital = false;
    }
  }
  return camel;
}

// Both spellings of every field are compared for every key, so the camelCase form is not built but
// walked.
bool spells(std::string_view key, std::string_view name) {
  if (key == name) return true;
  if (key.empty() || key.front() != name.front()) return false;  // names begin with a letter
  std::size_t k = 0;
  bool capital = false;
  for (const char c : name) {
    if (c == '_') {
      capital = true;
      continue;
    }
    const char expected = capital && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    if (k >= key.size() || key[k++] != expected) return false;
    capital = false;
  }
  return k == key.size();
}

// A lone surrogate is carried as three bytes ED A0..BF xx; protobuf refuses such text.
bool has_surrogate(std::string_view text) {
  for (std::size_t i = text.find('\xED'); i != std::string_view::npos;
       i = text.find('\xED', i + 1)) {
    if (i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) >= 0xA0) return true;
  }
  return false;
}

// _VALID_EXTENSION_NAME: a key of that form is an error even among ignored unknown ones.
bool is_extension_name(std::string_view key) {
  if (!key.empty() && key.back() == '\n') key.remove_suffix(1);
  if (key.size() < 2 || key.front() != '[' || key.back() != ']') return false;
  return std::all_of(key.begin() + 1, key.end() - 1, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_';
  });
}

std::optional<std::int64_t> float_to_int64(double value) {
  if (!std::isfinite(value) || value != std::floor(value)) return std::nullopt;
  if (value < -9223372036854775808.0 || value >= 9223372036854775808.0) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

// _ConvertInteger, then the range of the field.
std::optional<std::int64_t> convert_int64(const Json& value) {
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number_float()) return float_to_int64(value.get<double>());
  if (!value.is_string()) return std::nullopt;
  const auto& text = value.get_ref<const std::string&>();
  if (text.find(' ') != std::string::npos) return std::nullopt;
  if (const auto number = python::parse_int(text)) {
    return number->fits ? std::optional(number->value) : std::nullopt;
  }
  const auto number = python::parse_float(text);  // "1e2"
  return number ? float_to_int64(*number) : std::nullopt;
}

// _ConvertInteger's range check, for a field of 32 bits.
std::optional<std::int64_t> convert_int32(const Json& value) {
  const auto number = convert_int64(value);
  if (!number || *number < std::numeric_limits<std::int32_t>::min() ||
      *number > std::numeric_limits<std::int32_t>::max()) {
    return std::nullopt;
  }
  return number;
}

// _ConvertFloat: bools are numbers; a bare NaN or infinity is refused, and so is "nan".
std::optional<double> convert_double(const Json& value) {
  if (value.is_boolean()) return value.get<bool>() ? 1.0 : 0.0;
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (text == "nan") return std::nullopt;
    return python::parse_float(text);
  }
  const auto number = to_double(value);
  return number && std::isfinite(*number) ? number : std::nullopt;
}

// _ConvertEnum. An unknown name is dropped (`known` is false), as ignore_unknown_fields has it; so
// is NaN.
std::optional<std::int64_t> convert_enum(const Json& value, std::span<const EnumValue> values,
                                         bool& known) {
  known = true;
  const auto has_number = [&](std::int64_t number) {
    return std::any_of(values.begin(), values.end(),
                       [&](const EnumValue& v) { return v.number == number; });
  };
  std::optional<std::int64_t> number;
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    for (const EnumValue& v : values) {
      if (v.name == text) return v.number;
    }
    if (has_surrogate(text)) return std::nullopt;
    const auto parsed = python::parse_int(text);
    if (!parsed) {
      known = false;
      return has_surrogate(text) ? std::nullopt : std::optional<std::int64_t>(0);
    }
    if (parsed->fits) number = parsed->value;
  } else if (value.is_boolean()) {
    number = value.get<bool>() ? 1 : 0;
  } else if (value.is_number_float()) {
    known = !std::isnan(value.get<double>());
    if (!known) return 0;
    number = float_to_int64(std::trunc(value.get<double>()));
  } else if (value.is_number_integer()) {
    number = value.get<std::int64_t>();
  }
  return number && has_number(*number) ? number : std::nullopt;
}

bool convert_texts(const Json& value, Message::Field& field) {
  std::vector<std::string> texts;
  bool complete = value.is_array();
  if (complete) {
    for (const Json& item : value) {
      complete = item.is_string() && !has_surrogate(item.get_ref<const std::string&>());
      if (!complete) break;
      texts.push_back(item.get<std::string>());
    }
  }
  field = std::move(texts);
  return complete;
}

bool convert_messages(const Json& value, std::span<const Param> params, Message::Field& field) {
  std::vector<Message> messages;
  bool complete = value.is_array();
  if (complete) {
    for (const Json& item : value) {
      messages.emplace_back(params);
      // Python walks over the letters of a string as if they were keys and finds none.
      complete = item.is_string() || (item.is_array() && item.empty()) ||
                 (item.is_object() && convert_message(item, messages.back()));
      if (!complete) break;
    }
  }
  field = std::move(messages);
  return complete;
}

bool convert_nested(const Json& value, std::span<const Param> params, Message::Field& field) {
  std::vector<Message> messages{Message(params)};
  const bool complete = value.is_string() || (value.is_array() && value.empty()) ||
                        (value.is_object() && convert_message(value, messages.front()));
  field = std::move(messages);
  return complete;
}

bool convert_field(const Json& value, const Param& param, Message::Field& field) {
  switch (param.kind) {
    case Kind::String:
      if (!value.is_string() || has_surrogate(value.get_ref<const std::string&>())) return false;
      field = value.get<std::string>();
      return true;
    case Kind::Int64: {
      const auto number = convert_int64(value);
      if (!number) return false;
      field = *number;
      return true;
    }
    case Kind::Int32: {
      const auto number = convert_int32(value);
      if (!number) return false;
      field = *number;
      return true;
    }
    case Kind::Double: {
      // Python's float() raises an error here that MLflow does not expect.
      if (is_big_integer(value) && !to_double(value)) {
        throw_invalid_parameter("Invalid value for parameter '" + std::string(param.name) +
                                "' supplied: the integer is beyond the range of a double.");
      }
      const auto number = convert_double(value);
      if (!number) return false;
      field = *number;
      return true;
    }
    case Kind::Enum: {
      if (value.is_string() && has_surrogate(value.get_ref<const std::string&>())) {
        throw_invalid_parameter("The value of '" + std::string(param.name) +
                                "' holds half a character (a lone surrogate).");
      }
      bool known = false;
      const auto number = convert_enum(value, param.values, known);
      if (!number) return false;
      if (known) field = *number;
      return true;
    }
    case Kind::Nested:
      return convert_nested(value, param.fields, field);
    case Kind::Bool:
      if (!value.is_boolean()) return false;
      field = value.get<bool>();
      return true;
    case Kind::Strings:
      return convert_texts(value, field);
    case Kind::Messages:
      return convert_messages(value, param.fields, field);
  }
  return false;
}

// _assert_intlike takes whatever int() takes. Nothing for what int() refuses.
std::optional<python::Int> intlike(const Json& value) {
  if (value.is_string()) return python::parse_int(value.get_ref<const std::string&>());
  python::Int number;
  if (value.is_boolean()) {
    number.value = value.get<bool>() ? 1 : 0;
  } else if (value.is_number_float()) {
    if (!std::isfinite(value.get<double>())) return std::nullopt;
    const auto whole = float_to_int64(std::trunc(value.get<double>()));
    number.fits = whole.has_value();
    number.value = whole.value_or(0);
    number.digits = value.get<double>() < 0 ? "-" : "";
  } else if (const auto whole = convert_int64(value)) {
    number.value = *whole;
  } else if (is_big_integer(value)) {
    number.fits = false;
    number.digits = integer_text(value);
  } else {
    return std::nullopt;
  }
  return number;
}

// _assert_floatlike takes whatever float() takes, and null.
bool floatlike(const Json& value) {
  if (value.is_string())
    return python::parse_float(value.get_ref<const std::string&>()).has_value();
  return value.is_null() || value.is_boolean() || value.is_number_float() || is_integer(value);
}

bool within(const python::Int& number, std::int64_t maximum) {
  if (maximum == std::numeric_limits<std::int64_t>::max()) return true;  // none is set
  if (number.fits) return number.value <= maximum;
  return !number.digits.empty() && number.digits.front() == '-';
}

}  // namespace

bool convert_message(const Json& object, Message& message) {
  const auto params = message.params();
  for (const auto& member : object.items()) {
    const std::string& key = member.key();
    const Json& value = member.value();
    const auto found = std::find_if(params.begin(), params.end(),
                                    [&](const Param& p) { return spells(key, p.name); });
    if (found == params.end()) {
      if (is_extension_name(key)) return false;
      continue;
    }
    const auto index = static_cast<std::size_t>(found - params.begin());
    if (value.is_null()) {
      message.field(index) = std::monostate();
    } else if (!convert_field(value, *found, message.field(index))) {
      return false;
    }
  }
  return true;
}

void refuse_two_spellings(const Json& object, std::span<const Param> params) {
  if (!object.is_object()) return;
  const auto& members = object.get_ref<const Json::object_t&>();
  for (const Param& param : params) {
    const bool two_spellings = param.name.find('_') != std::string_view::npos;
    if (!two_spellings && param.fields.empty()) continue;
    auto found = object.find(param.name);
    if (two_spellings) {
      const bool other = std::any_of(members.begin(), members.end(), [&](const auto& member) {
        return member.first != param.name && spells(member.first, param.name);
      });
      if (found != object.end() && other) {
        throw_invalid_parameter("Request specifies both '" + std::string(param.name) + "' and '" +
                                camel_case(param.name) + "'; provide only one of them.");
      }
      if (other) found = object.find(camel_case(param.name));
    }
    if (param.fields.empty() || found == object.end()) continue;
    if (!found->is_array()) {
      refuse_two_spellings(*found, param.fields);
    } else {
      for (const Json& item : *found) refuse_two_spellings(item, param.fields);
    }
  }
}

bool schema_type_matches(const Json& value, const Param& param, bool converted) {
  switch (param.kind) {
    case Kind::Int32:
    case Kind::Int64: {
      const bool bounded = param.maximum != std::numeric_limits<std::int64_t>::max();
      if (value.is_null() || (converted && !bounded)) return true;
      const auto number = intlike(value);
      return number && (!bounded || within(*number, param.maximum));
    }
    case Kind::Enum:
      if (param.intlike) return converted || intlike(value).has_value();
      [[fallthrough]];
    case Kind::String:
      return converted || value.is_string();
    case Kind::Double:
      return converted || floatlike(value);
    case Kind::Nested:
      return converted || value.is_object();
    case Kind::Bool:
      return converted || value.is_boolean();
    case Kind::Strings:
      return converted ||
             (value.is_array() &&
              (param.any_items || std::all_of(value.begin(), value.end(),
                                              [](const Json& item) { return item.is_string(); })));
    case Kind::Messages:
      return converted || value.is_array();
  }
  return false;
}

std::string json_for_message(const Json& value) {
  return python_json_dumps(value, true, Layout::Compact);
}

}  // namespace millrace
