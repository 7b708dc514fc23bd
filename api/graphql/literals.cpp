// Literals against types (ValuesOfCorrectTypeRule).
#include <algorithm>
#include <set>

#include "api/graphql/validation.h"
#include "store/text/python_text.h"

namespace millrace::graphql {
namespace {

using Faults = std::vector<std::string>;

void check_int(const Value& value, Faults& faults) {
  if (value.kind != Value::Kind::Int) {
    faults.push_back("Int cannot represent non-integer value: " + to_string(value));
    return;
  }
  const auto number = python::parse_int(value.text);
  if (!number || !number->fits || number->value != static_cast<std::int32_t>(number->value)) {
    faults.push_back("Int cannot represent non 32-bit signed integer value: " + value.text);
  }
}

void check_enum(const Value& value, const Type& type, Faults& faults) {
  if (value.kind != Value::Kind::Enum) {
    faults.push_back("Enum '" + type.name +
                     "' cannot represent non-enum value: " + to_string(value) + ".");
  } else if (std::find(type.values.begin(), type.values.end(), value.text) == type.values.end()) {
    faults.push_back("Value '" + value.text + "' does not exist in '" + type.name + "' enum.");
  }
}

void check(const Value& value, const TypeReference& type, Faults& faults);

void check_input(const Value& value, const Type& type, Faults& faults) {
  if (value.kind != Value::Kind::Object) {
    faults.push_back("Expected value of type '" + type.name + "', found " + to_string(value) + ".");
    return;
  }
  std::set<std::string> seen;
  for (const auto& [name, item] : value.fields) {
    if (!seen.insert(name).second)
      faults.push_back("There can be only one input field named '" + name + "'.");
    const Field* field = type.field(name);
    if (field == nullptr) {
      faults.push_back("Field '" + name + "' is not defined by type '" + type.name + "'.");
    } else {
      check(item, field->type, faults);
    }
  }
}

void check(const Value& value, const TypeReference& type, Faults& faults) {
  if (value.kind == Value::Kind::Variable) return;
  if (value.kind == Value::Kind::Null) {
    if (type.non_null)
      faults.push_back("Expected value of type '" + to_string(type) + "', found null.");
    return;
  }
  if (!type.item.empty()) {
    if (value.kind != Value::Kind::List) return check(value, type.item.front(), faults);
    for (const Value& item : value.items) check(item, type.item.front(), faults);
    return;
  }
  const Type& named = named_type(type);
  if (named.kind == Type::Kind::Input) return check_input(value, named, faults);
  if (named.kind == Type::Kind::Enum) return check_enum(value, named, faults);
  if (named.name == "Int") return check_int(value, faults);
  if (named.name == "String" && value.kind != Value::Kind::String)
    faults.push_back("String cannot represent a non string value: " + to_string(value));
}

}  // namespace

std::vector<std::string> literal_faults(const Value& value, const TypeReference& type) {
  Faults faults;
  check(value, type, faults);
  return faults;
}

}  // namespace millrace::graphql
