#include "api/graphql/execution.h"

#include <cmath>
#include <optional>

#include "api/graphql/merged_fields.h"
#include "api/graphql/validation.h"
#include "api/graphql/variables.h"
#include "store/common/error.h"

namespace millrace::graphql {
namespace {

class Execution {
 public:
  Execution(const Document& document, Variables variables, const Resolver& resolver,
            std::vector<std::string>& errors)
      : document_(document),
        variables_(std::move(variables)),
        resolver_(resolver),
        errors_(errors) {}

  Json object(const Group& parents, const Type& type, const Json& value, bool is_root) {
    Json result = Json::object();
    for (const auto& [key, group] : merged_fields(document_, parents))
      result[key] = field(group, type, *type.field(group.front()->name), value, is_root);
    return result;
  }

 private:
  Json field(const Group& group, const Type& type, const Field& field, const Json& parent,
             bool is_root) {
    if (field.name == "__typename") return type.name;
    if (field.name == "apiError" || field.name == "testMutation") return nullptr;
    const bool resolved =
        is_root || (type.name == "MlflowRunExtension" &&
                    (field.name == "experiment" || field.name == "modelVersions"));
    if (!resolved) {
      const auto found = parent.find(field.json_name);
      return complete(group, field, field.type, found == parent.end() ? Json() : *found, type);
    }
    try {
      const Json argument = is_root ? root_argument(*group.front(), field) : parent;
      return complete(group, field, field.type, resolver_(type.name, field.name, argument), type);
    } catch (const Error& error) {
      errors_.push_back(error.message());
      return nullptr;
    }
  }

  Json root_argument(const Selection& selection, const Field& field) const {
    const Field& expected = field.arguments.front();
    for (const Argument& argument : selection.arguments) {
      const Json value = literal_value(argument.value, expected.type, variables_);
      if (!value.is_null()) return value;
    }
    throw_invalid_parameter("Missing value for required argument '" + expected.name +
                            "' of field '" + field.name + "'.");
  }

  // A null value is a field that the REST answer leaves out: a protobuf field with its default.
  Json complete(const Group& group, const Field& field, const TypeReference& type,
                const Json& value, const Type& parent) {
    if (!type.item.empty()) {
      Json list = Json::array();
      for (const Json& item : value)
        list.push_back(complete(group, field, type.item.front(), item, parent));
      return list;
    }
    const Type& named = named_type(type);
    if (named.kind == Type::Kind::Object)
      return object(group, named, value.is_null() ? Json::object() : value, false);
    if (named.kind == Type::Kind::Enum) return value.is_null() ? Json(named.values.front()) : value;
    if (named.name == "LongString") {
      return value.is_null() ? Json("0") : Json(integer_text(value));
    }
    if (named.name == "Float") return complete_float(value, parent);
    if (named.name == "Boolean") return !value.is_null() && value.get<bool>();
    return value.is_null() ? Json("") : value;
  }

  Json complete_float(const Json& value, const Type& parent) {
    if (value.is_null()) return 0.0;
    if (value.is_number()) return value;
    // The REST answers spell NaN; MLflow hides it in the metrics of a run and fails elsewhere.
    if (parent.name != "MlflowMetricExtension")
      errors_.push_back("Float cannot represent non numeric value: nan");
    return nullptr;
  }

  const Document& document_;
  Variables variables_;
  const Resolver& resolver_;
  std::vector<std::string>& errors_;
};

// Null with an error when there is no such operation.
const Operation* choose_operation(const Document& document, const std::optional<std::string>& name,
                                  std::vector<std::string>& errors) {
  if (!name) {
    if (document.operations.size() == 1) return &document.operations.front();
    errors.push_back(document.operations.empty()
                         ? "Must provide an operation."
                         : "Must provide operation name if query contains multiple operations.");
    return nullptr;
  }
  for (const Operation& operation : document.operations) {
    if (operation.name == *name) return &operation;
  }
  errors.push_back("Unknown operation named '" + *name + "'.");
  return nullptr;
}

}  // namespace

Result execute(const Request& request, const Limits& limits, const Resolver& resolver) {
  const Document document = parse_document(request.query);
  Result result;
  if (auto limit = broken_limit(document, limits)) {
    result.errors.push_back(std::move(*limit));
    return result;
  }
  result.errors = validate(document);
  if (!result.errors.empty()) return result;
  const Operation* operation = choose_operation(document, request.operation_name, result.errors);
  if (operation == nullptr) return result;
  Variables variables = coerce_variables(*operation, request.variables, result.errors);
  if (!result.errors.empty()) return result;
  const Type* root = root_type(*operation);
  if (root == nullptr) {
    result.errors.push_back("Schema is not configured to execute subscription operation.");
    return result;
  }
  Selection whole;
  whole.selections = operation->selections;
  Execution execution(document, std::move(variables), resolver, result.errors);
  result.data = execution.object({&whole}, *root, Json::object(), true);
  return result;
}

}  // namespace millrace::graphql
