#include "api/graphql/execution.h"

#include <algorithm>
#include <map>
#include <optional>

#include "api/graphql/merged_fields.h"
#include "api/graphql/validation.h"
#include "api/graphql/variables.h"
#include "api/json/writer.h"
#include "store/common/error.h"

namespace millrace::graphql {
namespace {

// An error of a field, with the places on the way to it: the members of an answer are written in
// the order of their names, but errors are told in the order of the query.
struct FieldError {
  std::vector<std::size_t> path;
  std::string text;
};

class Execution {
 public:
  Execution(const Document& document, Variables variables, const Resolver& resolver,
            JsonWriter& writer, const std::function<void()>& on_progress)
      : document_(document),
        variables_(std::move(variables)),
        resolver_(resolver),
        writer_(writer),
        on_progress_(on_progress) {}

  void object(const Group& parents, const Type& type, const Json& value, bool is_root) {
    writer_.begin_object();
    for (const Member& member : members(parents)) {
      const Place place(*this, member.place);
      writer_.key(member.key);
      field(member.group, type, *type.field(member.group.front()->name), value, is_root);
    }
    writer_.end_object();
    on_progress_();
  }

  std::vector<std::string> errors() {
    std::stable_sort(errors_.begin(), errors_.end(),
                     [](const FieldError& a, const FieldError& b) { return a.path < b.path; });
    std::vector<std::string> texts;
    for (FieldError& error : errors_) texts.push_back(std::move(error.text));
    return texts;
  }

 private:
  // A field of an answer, and where the query first names it.
  struct Member {
    std::string key;
    Group group;
    std::size_t place;
  };

  // While this lives, what is executed lies at that place of the object or list around it.
  class Place {
   public:
    Place(Execution& execution, std::size_t place) : path_(execution.path_) {
      path_.push_back(place);
    }
    ~Place() { path_.pop_back(); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    std::vector<std::size_t>& path_;
  };

  // In the order of their keys. Each item of a list has the same ones.
  const std::vector<Member>& members(const Group& parents) {
    const auto [found, is_new] = members_.try_emplace(&parents);
    std::vector<Member>& result = found->second;
    if (!is_new) return result;
    for (auto& [key, group] : merged_fields(document_, parents))
      result.push_back({key, std::move(group), result.size()});
    std::sort(result.begin(), result.end(),
              [](const Member& a, const Member& b) { return a.key < b.key; });
    return result;
  }

  void add_error(const std::string& text) { errors_.push_back({path_, text}); }

  void field(const Group& group, const Type& type, const Field& field, const Json& parent,
             bool is_root) {
    if (field.name == "__typename") {
      writer_.string(type.name);
    } else if (field.name == "apiError" || field.name == "testMutation") {
      writer_.null();
    } else if (is_root || (type.name == "MlflowRunExtension" &&
                           (field.name == "experiment" || field.name == "modelVersions"))) {
      resolved(group, type, field, parent, is_root);
    } else {
      static const Json kNull;
      const auto found = parent.find(field.json_name);
      complete(group, field.type, found == parent.end() ? kNull : *found, type);
    }
  }

  void resolved(const Group& group, const Type& type, const Field& field, const Json& parent,
                bool is_root) {
    Json answer;
    try {
      answer =
          resolver_(type.name, field.name, is_root ? root_argument(*group.front(), field) : parent);
    } catch (const Error& error) {
      add_error(error.message());
      writer_.null();
      return;
    }
    complete(group, field.type, answer, type);
  }

  Json root_argument(const Selection& selection, const Field& field) const {
    const Field& expected = field.arguments.front();
    for (const Argument& argument : selection.arguments) {
      Json value = literal_value(argument.value, expected.type, variables_);
      if (!value.is_null()) return value;
    }
    throw_invalid_parameter("Missing value for required argument '" + expected.name +
                            "' of field '" + field.name + "'.");
  }

  // A null value is a field that the REST answer leaves out: a protobuf field with its default.
  void complete(const Group& group, const TypeReference& type, const Json& value,
                const Type& parent) {
    if (!type.item.empty()) return complete_list(group, type.item.front(), value, parent);
    const Type& named = named_type(type);
    if (named.kind == Type::Kind::Object) {
      static const Json kEmpty = Json::object();
      object(group, named, value.is_null() ? kEmpty : value, false);
    } else if (named.kind == Type::Kind::Enum) {
      value.is_null() ? writer_.string(named.values.front()) : writer_.value(value);
    } else if (named.name == "LongString") {
      writer_.string(value.is_null() ? "0" : integer_text(value));
    } else if (named.name == "Float") {
      complete_float(value, parent);
    } else if (named.name == "Boolean") {
      writer_.boolean(!value.is_null() && value.get<bool>());
    } else {
      value.is_null() ? writer_.string("") : writer_.value(value);
    }
  }

  void complete_list(const Group& group, const TypeReference& item, const Json& value,
                     const Type& parent) {
    writer_.begin_array();
    for (std::size_t i = 0; i < value.size(); ++i) {
      const Place place(*this, i);
      complete(group, item, value[i], parent);
    }
    writer_.end_array();
  }

  void complete_float(const Json& value, const Type& parent) {
    if (value.is_null()) {
      writer_.number(0);
    } else if (value.is_number()) {
      writer_.value(value);
    } else {
      // The REST answers spell NaN; MLflow hides it in the metrics of a run and fails elsewhere.
      if (parent.name != "MlflowMetricExtension")
        add_error("Float cannot represent non numeric value: nan");
      writer_.null();
    }
  }

  const Document& document_;
  Variables variables_;
  const Resolver& resolver_;
  JsonWriter& writer_;
  const std::function<void()>& on_progress_;
  std::map<const Group*, std::vector<Member>> members_;
  std::vector<std::size_t> path_;
  std::vector<FieldError> errors_;
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
  errors.push_back(shown_message("Unknown operation named '" + *name + "'."));
  return nullptr;
}

// What is run, and what with; no operation where the errors say why.
struct Plan {
  const Operation* operation = nullptr;
  Variables variables = {};
  std::vector<std::string> errors = {};
};

Plan plan_of(const Document& document, const Request& request, const Limits& limits) {
  Plan plan;
  if (auto limit = broken_limit(document, limits)) {
    plan.errors.push_back(std::move(*limit));
    return plan;
  }
  plan.errors = validate(document);
  if (!plan.errors.empty()) return plan;
  const Operation* operation = choose_operation(document, request.operation_name, plan.errors);
  if (operation == nullptr) return plan;
  try {
    plan.variables = coerce_variables(*operation, request.variables, plan.errors);
  } catch (const Error& error) {
    plan.errors.push_back(error.message());
  }
  if (plan.errors.empty() && root_type(*operation) == nullptr)
    plan.errors.push_back("Schema is not configured to execute subscription operation.");
  if (plan.errors.empty()) plan.operation = operation;
  return plan;
}

}  // namespace

void execute(const Request& request, const Limits& limits, const Resolver& resolver,
             std::string& out, const std::function<void()>& on_progress) {
  const Document document = parse_document(request.query);
  Plan plan = plan_of(document, request, limits);
  JsonWriter writer(out, Layout::Compact);
  writer.begin_object().key("data");
  if (plan.operation == nullptr) {
    writer.null();
  } else {
    Selection whole;
    whole.selections = plan.operation->selections;
    const Group parents{&whole};
    Execution execution(document, std::move(plan.variables), resolver, writer, on_progress);
    execution.object(parents, *root_type(*plan.operation), Json::object(), true);
    plan.errors = execution.errors();
  }
  writer.key("errors");
  if (plan.errors.empty()) {
    writer.null();
  } else {
    writer.begin_array();
    for (const std::string& error : plan.errors) {
      writer.string(error);
      on_progress();
    }
    writer.end_array();
  }
  writer.end_object();
}

}  // namespace millrace::graphql
