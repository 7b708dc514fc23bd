// A GraphQL document as parsed (GraphQL specification of October 2021, section 2), executable
// definitions only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::graphql {

struct ObjectField;

struct Value {
  enum class Kind { Variable, Int, Float, String, Boolean, Null, Enum, List, Object };
  Kind kind = Kind::Null;
  std::string
      text;  // a variable's name, a number as written, a string's value, true, an enum's name
  std::vector<Value> items;
  std::vector<ObjectField> fields;
};

struct ObjectField {
  std::string name;
  Value value;
};

struct Argument {
  std::string name;
  Value value;
};

struct Directive {
  std::string name;
  std::vector<Argument> arguments;
};

struct Selection {
  enum class Kind { Field, FragmentSpread, InlineFragment };
  Kind kind = Kind::Field;
  std::string alias;  // empty when there is none
  std::string name;   // of the field or the fragment
  std::string type_condition;
  std::vector<Argument> arguments;
  std::vector<Directive> directives;
  std::vector<Selection> selections;

  const std::string& response_key() const { return alias.empty() ? name : alias; }
};

// Int, [Int!], [Int]!
struct TypeReference {
  std::string name;                 // empty for a list
  std::vector<TypeReference> item;  // one when this is a list
  bool non_null = false;
};

struct VariableDefinition {
  std::string name;
  TypeReference type;
  std::optional<Value> default_value;
};

struct Operation {
  std::string type;  // query, mutation or subscription
  std::string name;
  std::vector<VariableDefinition> variables;
  std::vector<Directive> directives;
  std::vector<Selection> selections;
};

struct Fragment {
  std::string name;
  std::string type_condition;
  std::vector<Directive> directives;
  std::vector<Selection> selections;
};

struct Document {
  std::vector<Operation> operations;
  std::vector<Fragment> fragments;

  const Fragment* fragment(std::string_view name) const;
};

// Throws INVALID_PARAMETER_VALUE for what is no executable document, and when brackets are nested
// deeper than 200, over 200 fragments, over 15,000 tokens, or over 1 MiB.
Document parse_document(std::string_view source);

// A type reference and a value as the specification writes them.
std::string to_string(const TypeReference& type);
std::string to_string(const Value& value);

// The text with quotes and escapes, as a GraphQL string.
std::string quote(std::string_view text);

}  // namespace millrace::graphql
