#include "api/graphql/variables.h"

#include <algorithm>
#include <string_view>

#include "api/graphql/inspect.h"
#include "store/common/error.h"
#include "store/text/python_text.h"

namespace millrace::graphql {
namespace {

constexpr std::size_t kMaximumErrors = 50;  // as in graphql-core

// Of the texts in one list.
constexpr std::size_t kMaximumListBytes = std::size_t{16} << 20U;

void add_error(std::vector<std::string>& errors, std::string text) {
  if (errors.size() == kMaximumErrors) {
    throw_invalid_parameter(
        "Too many errors processing variables, error limit reached. Execution aborted.");
  }
  errors.push_back(shown_message(std::move(text)));
}

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
      refuse(value, path, "String cannot represent a non string value: " + inspect(value));
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
             "Enum '" + type.name + "' cannot represent non-string value: " + inspect(value) + ".");
    }
    return value;
  }

  Json coerce_int(const Json& value, const std::string& path) {
    if (!value.is_number_integer() && !is_big_integer(value)) {
      refuse(value, path, "Int cannot represent non-integer value: " + inspect(value));
    } else if (is_big_integer(value) || value.get<std::int64_t>() != value.get<std::int32_t>()) {
      refuse(value, path,
             "Int cannot represent non 32-bit signed integer value: " + inspect(value));
    }
    return value;
  }

  Json coerce_long(const Json& value, const std::string& path) {
    if (value.is_number_integer()) return value;
    if (value.is_string()) {
      const auto number = python::parse_int(value.get<std::string>());
      if (number && number->fits) return number->value;
    }
    refuse(
        value, path,
        "Expected type 'LongString'. A 64-bit integer was expected, got " + inspect(value) + ".");
    return nullptr;
  }

  void refuse(const Json& value, const std::string& path, const std::string& reason) {
    add_error(errors_, "Variable '$" + variable_.name + "' got invalid value " + inspect(value) +
                           (path == variable_.name ? "" : " at '" + path + "'") + "; " + reason);
  }

  const VariableDefinition& variable_;
  std::vector<std::string>& errors_;

 public:
  Json result;
};

// The values given to the variables, each of which has another name.
std::map<std::string_view, const Json*> given_values(const Operation& operation,
                                                     const Json& given) {
  std::map<std::string_view, const Json*> values;
  for (const VariableDefinition& variable : operation.variables) values[variable.name] = nullptr;
  for (const auto& member : given.items()) {
    const auto found = values.find(member.key());
    if (found != values.end()) found->second = &member.value();
  }
  return values;
}

}  // namespace

Variables coerce_variables(const Operation& operation, const Json& given,
                           std::vector<std::string>& errors) {
  Variables variables;
  const auto values = given_values(operation, given);
  for (const VariableDefinition& variable : operation.variables) {
    const Json* value = values.at(variable.name);
    const std::string type = to_string(variable.type);
    if (value == nullptr) {
      if (variable.default_value) {
        variables[variable.name] = literal_value(*variable.default_value, variable.type, {});
      } else if (variable.type.non_null) {
        add_error(errors, "Variable '$" + variable.name + "' of required type '" + type +
                              "' was not provided.");
      }
    } else if (value->is_null() && variable.type.non_null) {
      add_error(errors, "Variable '$" + variable.name + "' of non-null type '" + type +
                            "' must not be null.");
    } else {
      variables[variable.name] = Coercion(variable, *value, errors).result;
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
    std::size_t bytes = 0;
    for (const Value& item : value.items) {
      list.push_back(literal_value(item, type.item.front(), variables));
      // Each place may name the same long variable.
      if (list.back().is_string()) bytes += list.back().get_ref<const std::string&>().size();
      if (bytes > kMaximumListBytes) {
        throw_invalid_parameter("A list of the GraphQL query has more than " +
                                std::to_string(kMaximumListBytes) + " bytes.");
      }
    }
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
