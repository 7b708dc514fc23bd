// The types that /graphql serves: a part of MLflow's schema, in the notation of the GraphQL
// specification (schema.cpp).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/graphql/document.h"

namespace millrace::graphql {

struct Field {
  std::string name;
  std::string json_name;  // in the REST answers: snake_case
  TypeReference type;
  std::vector<Field> arguments;
};

struct Type {
  enum class Kind { Scalar, Enum, Object, Input };
  Kind kind = Kind::Scalar;
  std::string name;
  std::vector<Field> fields;
  std::vector<std::string> values;  // of an enum

  bool is_input() const { return kind != Kind::Object; }
  const Field* field(std::string_view field_name) const;
};

// Null for an unknown name.
const Type* find_type(std::string_view name);

// The named type inside all lists. Precondition: the schema has it.
const Type& named_type(const TypeReference& reference);

const Field* find_field(const std::vector<Field>& fields, std::string_view name);

}  // namespace millrace::graphql
