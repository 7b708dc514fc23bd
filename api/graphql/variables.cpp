#include "api/graphql/variables.h"

#include <algorithm>

#include "api/json/writer.h"
#include "store/text/python_text.h"

namespace millrace::graphql {
namespace {

// One variable's value on its way to its type.
class Coercion {
 public:
  Coercion(const VariableDefinition& variable, const Json& value, std::vector<std::string>& errors)
      : variable_(variable), errors_(errors), result(coerce(value, variable.type, variable.name)) {}

 private:
  Json coerce(const Json& value, const TypeReference& type, const std::string& path) {
    if (value.is_null()) {
      if (type.non_null)
        refuse(value, path, "Expected non-nullable type '" + to_string(type) + "' not to be None.");
      return nullptr;
    }
    if (!type.item.empty()) return coerce_list(value, type.item.front(), path);
    const Type& named = named_type(type);
    if (named.kind == Type::Kind::Input) return coerce_input(value, named, path);
    if (named.kind == Type::Kind::Enum) return coerce_enum(value, named, path);
    if (named.name == "Int") return coerce_int(value, path);
    if (named.name == "LongString") return coerce_long(value, path);
    if (named.name == "String" && !value.is_string())
      refuse(value, path, "String cannot represent a non string value: " + python_repr(value));
    return value;
  }

  Json coerce_list(const Json& value, const TypeReference& item, const std::string& path) {
    Json list = Json::array();
    if (!value.is_array()) {
      list.push_back(coerce(value, item, path));
      return list;
    }
    for (std::size_t i = 0; i < value.size(); ++i)
      list.push_back(coerce(value[i], item, path + "[" + std::to_string(i) + "]"));
    return list;
  }

  Json coerce_input(const Json& value, const Type& type, const std::string& path) {
    Json object = Json::object();
    if (!value.is_object()) {
      refuse(value, path, "Expected type '" + type.name + "' to be a mapping.");
      return object;
    }
    for (const Field& field : type.fields) {
      if (const auto found = value.find(field.name); found != value.end())
        object[field.json_name] = coerce(*found, field.type, path + "." + field.name);
    }
    for (const auto& member : value.items()) {
      if (type.field(member.key()) == nullptr)
        refuse(value, path,
               "Field '" + member.key() + "' is not defined by type '" + type.name + "'.");
    }
    return object;
  }

  Json coerce_enum(const Json& value, const Type& type, const std::string& path) {
    const bool known =
        value.is_string() && std::find(type.values.begin(), type.values.end(),
                                       value.get<std::string>()) != type.values.end();
    if (!known && value.is_string()) {
      refuse(
          value, path,
          "Value '" + value.get<std::string>() + "' does not exist in '" + type.name + "' enum.");
    } else if (!known) {
      refuse(value, path,
             "Enum '" + type.name + "' cannot represent non-string value: " + python_repr(value) +
                 ".");
    }
    return value;
  }

  Json coerce_int(const Json& value, const std::string& path) {
    if (!value.is_number_integer() && !is_big_integer(value)) {
      refuse(value, path, "Int cannot represent non-integer value: " + python_repr(value));
    } else if (is_big_integer(value) || value.get<std::int64_t>() != value.get<std::int32_t>()) {
      refuse(value, path,
             "Int cannot represent non 32-bit signed integer value: " + python_repr(value));
    }
    return value;
  }

  Json coerce_long(const Json& value, const std::string& path) {
    if (value.is_number_integer()) return value;
    if (value.is_string()) {
      const auto number = python::parse_int(value.get<std::string>());
      if (number && number->fits) return number->value;
    }
    refuse(value, path,
           "Expected type 'LongString'. A 64-bit integer was expected, got " + python_repr(value) +
               ".");
    return nullptr;
  }

  void refuse(const Json& value, const std::string& path, const std::string& reason) {
    errors_.push_back("Variable '$" + variable_.name + "' got invalid value " + python_repr(value) +
                      (path == variable_.name ? "" : " at '" + path + "'") + "; " + reason);
  }

  const VariableDefinition& variable_;
  std::vector<std::string>& errors_;

 public:
  Json result;
};

}  // namespace

Variables coerce_variables(const Operation& operation, const Json& given,
                           std::vector<std::string>& errors) {
  Variables variables;
  for (const VariableDefinition& variable : operation.variables) {
    const auto found = given.find(variable.name);
    const std::string type = to_string(variable.type);
    if (found == given.end()) {
      if (variable.default_value) {
        variables[variable.name] = literal_value(*variable.default_value, variable.type, {});
      } else if (variable.type.non_null) {
        errors.push_back("Variable '$" + variable.name + "' of required type '" + type +
                         "' was not provided.");
      }
    } else if (found->is_null() && variable.type.non_null) {
      errors.push_back("Variable '$" + variable.name + "' of non-null type '" + type +
                       "' must not be null.");
    } else {
      variables[variable.name] = Coercion(variable, *found, errors).result;
    }
  }
  return variables;
}

Json literal_value(const Value& value, const TypeReference& type, const Variables& variables) {
  if (value.kind == Value::Kind::Variable) {
    const auto found = variables.find(value.text);
    return found == variables.end() ? Json() : found->second;
  }
  if (value.kind == Value::Kind::Null) return nullptr;
  if (!type.item.empty()) {
    Json list = Json::array();
    if (value.kind != Value::Kind::List)
      list.push_back(literal_value(value, type.item.front(), variables));
    for (const Value& item : value.items)
      list.push_back(literal_value(item, type.item.front(), variables));
    return list;
  }
  const Type& named = named_type(type);
  if (named.kind == Type::Kind::Input) {
    Json object = Json::object();
    for (const auto& [name, item] : value.fields) {
      const Field* field = named.field(name);
      if (field != nullptr) object[field->json_name] = literal_value(item, field->type, variables);
    }
    return object;
  }
  if (named.name == "Int" || named.name == "LongString") {
    const auto number =
        value.kind == Value::Kind::Int ? python::parse_int(value.text) : std::nullopt;
    return number && number->fits ? Json(number->value)
                                  : Json();  // LongString takes no other literal
  }
  return value.text;
}

}  // namespace millrace::graphql
