#include "api/graphql/validation.h"

#include <algorithm>
#include <map>
#include <set>

#include "api/graphql/merged_fields.h"
#include "store/common/error.h"

namespace millrace::graphql {
namespace {

constexpr std::size_t kMaximumFaults = 100;  // as in graphql-core

std::string in_quotes(std::string_view text) { return "'" + std::string(text) + "'"; }

const TypeReference& innermost(const TypeReference& type) {
  return type.item.empty() ? type : innermost(type.item.front());
}

struct Usage {
  std::string variable;
  const TypeReference* expected;  // null where the place is unknown
};

class Validation {
 public:
  explicit Validation(const Document& document) : document_(document) {}

  std::vector<std::string> run() {
    try {
      check_document();
    } catch (const Error& error) {
      faults_.push_back(error.message());
    }
    return std::move(faults_);
  }

 private:
  void fault(std::string text) {
    if (faults_.size() == kMaximumFaults) {
      throw_invalid_parameter(
          "Too many validation errors, error limit reached. Validation aborted.");
    }
    faults_.push_back(shown_message(std::move(text)));
  }

  void check_document() {
    check_operation_names();
    for (const Operation& operation : document_.operations) check_operation(operation);
    for (const Fragment& fragment : document_.fragments) check_fragment(fragment);
    for (const Fragment& fragment : document_.fragments) {
      if (!used_fragments_.contains(fragment.name))
        fault("Fragment " + in_quotes(fragment.name) + " is never used.");
    }
  }

  void check_operation_names() {
    std::set<std::string> seen;
    for (const Operation& operation : document_.operations) {
      if (operation.name.empty()) {
        if (document_.operations.size() > 1)
          fault("This anonymous operation must be the only defined operation.");
      } else if (!seen.insert(operation.name).second) {
        fault("There can be only one operation named " + in_quotes(operation.name) + ".");
      }
    }
  }

  void check_operation(const Operation& operation) {
    std::set<std::string> seen;
    for (const VariableDefinition& variable : operation.variables) {
      if (!seen.insert(variable.name).second)
        fault("There can be only one variable named '$" + variable.name + "'.");
      check_variable_type(variable);
    }
    check_directives(operation.directives, operation.type);
    check_selections(operation.selections, root_type(operation));
    Selection whole;
    whole.selections = operation.selections;
    if (auto conflict = field_conflict(document_, {&whole})) fault(*std::move(conflict));
    check_variable_usages(operation);
  }

  void check_variable_type(const VariableDefinition& variable) {
    const std::string& name = innermost(variable.type).name;
    const Type* type = find_type(name);
    if (type == nullptr) {
      fault("Unknown type " + in_quotes(name) + ".");
    } else if (!type->is_input()) {
      fault("Variable '$" + variable.name + "' cannot be non-input type " +
            in_quotes(to_string(variable.type)) + ".");
    } else if (variable.default_value) {
      for (std::string& text : literal_faults(*variable.default_value, variable.type))
        fault(std::move(text));
    }
  }

  void check_fragment(const Fragment& fragment) {
    const Type* type = condition_type(fragment.type_condition, fragment.name);
    check_cycles(fragment);
    check_directives(fragment.directives, "fragment definition");
    check_selections(fragment.selections, type);
  }

  // Null when no object can be meant, which is a fault.
  const Type* condition_type(const std::string& name, const std::string& fragment) {
    const Type* type = find_type(name);
    if (type == nullptr) {
      fault("Unknown type " + in_quotes(name) + ".");
    } else if (type->kind != Type::Kind::Object) {
      fault("Fragment " + (fragment.empty() ? "" : in_quotes(fragment) + " ") +
            "cannot condition on non composite type " + in_quotes(name) + ".");
      type = nullptr;
    }
    return type;
  }

  void check_cycles(const Fragment& fragment) {
    if (!checked_fragments_.insert(fragment.name).second) return;
    path_.push_back(fragment.name);
    std::vector<std::string> spreads;
    collect_spreads(fragment.selections, spreads);
    for (const std::string& name : spreads) {
      const auto at = std::find(path_.begin(), path_.end(), name);
      if (at != path_.end()) {
        std::string via;
        for (auto i = at + 1; i != path_.end(); ++i)
          via += (via.empty() ? "" : ", ") + in_quotes(*i);
        fault("Cannot spread fragment " + in_quotes(name) + " within itself" +
              (via.empty() ? "" : " via " + via) + ".");
      } else if (const Fragment* next = document_.fragment(name)) {
        check_cycles(*next);
      }
    }
    path_.pop_back();
  }

  static void collect_spreads(const std::vector<Selection>& selections,
                              std::vector<std::string>& spreads) {
    for (const Selection& selection : selections) {
      if (selection.kind == Selection::Kind::FragmentSpread) spreads.push_back(selection.name);
      collect_spreads(selection.selections, spreads);
    }
  }

  void check_directives(const std::vector<Directive>& directives, std::string_view location) {
    std::set<std::string> seen;
    for (const Directive& directive : directives) {
      if (directive.name != "component") {
        fault("Unknown directive '@" + directive.name + "'.");
        continue;
      }
      if (location != "query" && location != "mutation")
        fault("Directive '@component' may not be used on " + std::string(location) + ".");
      if (!seen.insert(directive.name).second)
        fault("The directive '@component' can only be used once at this location.");
      static const std::vector<Field> kArguments{
          {"name", "name", {.name = "String", .item = {}, .non_null = true}, {}}};
      check_arguments(directive.arguments, kArguments, "directive '@component'");
      if (directive.arguments.empty())
        fault(
            "Directive '@component' argument 'name' of type 'String!' is required,"
            " but it was not provided.");
    }
  }

  void check_arguments(const std::vector<Argument>& arguments, const std::vector<Field>& known,
                       const std::string& owner) {
    std::set<std::string> seen;
    for (const Argument& argument : arguments) {
      if (!seen.insert(argument.name).second)
        fault("There can be only one argument named " + in_quotes(argument.name) + ".");
      const Field* expected = find_field(known, argument.name);
      if (expected == nullptr) {
        fault("Unknown argument " + in_quotes(argument.name) + " on " + owner + ".");
        continue;
      }
      for (std::string& text : literal_faults(argument.value, expected->type))
        fault(std::move(text));
    }
  }

  // `type` is null where the parent is unknown; then only the names of fragments can be checked.
  void check_selections(const std::vector<Selection>& selections, const Type* type) {
    for (const Selection& selection : selections) {
      switch (selection.kind) {
        case Selection::Kind::Field:
          check_field(selection, type);
          break;
        case Selection::Kind::FragmentSpread:
          check_spread(selection, type);
          break;
        case Selection::Kind::InlineFragment: {
          const Type* inner = type;
          if (!selection.type_condition.empty()) {
            inner = condition_type(selection.type_condition, "");
            if (inner != nullptr && type != nullptr && inner != type) {
              fault("Fragment cannot be spread here as objects of type " + in_quotes(type->name) +
                    " can never be of type " + in_quotes(inner->name) + ".");
            }
          }
          check_directives(selection.directives, "inline fragment");
          check_selections(selection.selections, inner);
          break;
        }
      }
    }
  }

  void check_field(const Selection& selection, const Type* parent) {
    const Field* field = parent == nullptr ? nullptr : parent->field(selection.name);
    const Type* type = field == nullptr ? nullptr : &named_type(field->type);
    if (parent != nullptr && field == nullptr) {
      fault("Cannot query field " + in_quotes(selection.name) + " on type " +
            in_quotes(parent->name) + ".");
    } else if (type != nullptr && type->kind == Type::Kind::Object) {
      if (selection.selections.empty()) {
        fault("Field " + in_quotes(selection.name) + " of type " +
              in_quotes(to_string(field->type)) + " must have a selection of subfields." +
              " Did you mean '" + selection.name + " { ... }'?");
      }
    } else if (type != nullptr && !selection.selections.empty()) {
      fault("Field " + in_quotes(selection.name) + " must not have a selection since type " +
            in_quotes(to_string(field->type)) + " has no subfields.");
    }
    if (field != nullptr) {
      check_arguments(selection.arguments, field->arguments,
                      "field " + in_quotes(parent->name + "." + field->name));
    }
    check_directives(selection.directives, "field");
    if (!selection.selections.empty())
      check_selections(selection.selections,
                       type != nullptr && type->kind == Type::Kind::Object ? type : nullptr);
  }

  void check_spread(const Selection& selection, const Type* type) {
    used_fragments_.insert(selection.name);
    const Fragment* fragment = document_.fragment(selection.name);
    if (fragment == nullptr) {
      fault("Unknown fragment " + in_quotes(selection.name) + ".");
    } else if (const Type* inner = find_type(fragment->type_condition);
               inner != nullptr && inner->kind == Type::Kind::Object && type != nullptr &&
               inner != type) {
      fault("Fragment " + in_quotes(selection.name) + " cannot be spread here as objects of type " +
            in_quotes(type->name) + " can never be of type " + in_quotes(inner->name) + ".");
    }
    check_directives(selection.directives, "fragment spread");
  }

  void check_variable_usages(const Operation& operation) {
    std::vector<Usage> usages;
    std::set<std::string> visited;
    collect_usages(operation.selections, root_type(operation), visited, usages);
    const std::string where =
        operation.name.empty() ? "" : " operation " + in_quotes(operation.name);
    std::map<std::string_view, const VariableDefinition*> definitions;
    for (const VariableDefinition& variable : operation.variables)
      definitions.emplace(variable.name, &variable);
    std::set<std::string_view> used;
    for (const Usage& usage : usages) {
      used.insert(usage.variable);
      if (!definitions.contains(usage.variable)) {
        fault("Variable '$" + usage.variable + "' is not defined" +
              (where.empty() ? "" : " by" + where) + ".");
      }
    }
    for (const VariableDefinition& variable : operation.variables) {
      if (!used.contains(variable.name)) {
        fault("Variable '$" + variable.name + "' is never used" +
              (where.empty() ? "" : " in" + where) + ".");
      }
    }
    for (const Usage& usage : usages) {
      const auto found = definitions.find(usage.variable);
      if (found == definitions.end() || usage.expected == nullptr) continue;
      const VariableDefinition& variable = *found->second;
      if (find_type(innermost(variable.type).name) == nullptr) continue;
      if (!fits(variable.type, *usage.expected, variable.default_value.has_value())) {
        fault("Variable '$" + usage.variable + "' of type " + in_quotes(to_string(variable.type)) +
              " used in position expecting type " + in_quotes(to_string(*usage.expected)) + ".");
      }
    }
  }

  static bool fits(const TypeReference& given, const TypeReference& expected, bool has_default) {
    if (expected.non_null && !given.non_null && !has_default) return false;
    if (given.item.empty() != expected.item.empty()) return false;
    if (given.item.empty()) return given.name == expected.name;
    return fits(given.item.front(), expected.item.front(), false);
  }

  void collect_usages(const std::vector<Selection>& selections, const Type* type,
                      std::set<std::string>& visited, std::vector<Usage>& usages) const {
    for (const Selection& selection : selections) {
      const Type* inner = type;
      if (selection.kind == Selection::Kind::Field) {
        const Field* field = type == nullptr ? nullptr : type->field(selection.name);
        for (const Argument& argument : selection.arguments) {
          const Field* expected =
              field == nullptr ? nullptr : find_field(field->arguments, argument.name);
          collect_usages(argument.value, expected == nullptr ? nullptr : &expected->type, usages);
        }
        inner = field == nullptr ? nullptr : &named_type(field->type);
      } else if (selection.kind == Selection::Kind::FragmentSpread) {
        const Fragment* fragment = document_.fragment(selection.name);
        if (fragment != nullptr && visited.insert(selection.name).second) {
          collect_usages(fragment->selections, find_type(fragment->type_condition), visited,
                         usages);
        }
      } else if (!selection.type_condition.empty()) {
        inner = find_type(selection.type_condition);
      }
      collect_usages(selection.selections, inner, visited, usages);
    }
  }

  static void collect_usages(const Value& value, const TypeReference* type,
                             std::vector<Usage>& usages) {
    if (value.kind == Value::Kind::Variable) usages.push_back({value.text, type});
    const TypeReference* item =
        type == nullptr || type->item.empty() ? nullptr : &type->item.front();
    for (const Value& inner : value.items) collect_usages(inner, item, usages);
    for (const auto& [name, inner] : value.fields) {
      const Type* input = type == nullptr || !type->item.empty() ? nullptr : find_type(type->name);
      const Field* field = input == nullptr ? nullptr : input->field(name);
      collect_usages(inner, field == nullptr ? nullptr : &field->type, usages);
    }
  }

  const Document& document_;
  std::vector<std::string> faults_;
  std::set<std::string> used_fragments_;
  std::set<std::string> checked_fragments_;
  std::vector<std::string> path_;
};

}  // namespace

std::vector<std::string> validate(const Document& document) { return Validation(document).run(); }

const Type* root_type(const Operation& operation) {
  if (operation.type == "query") return find_type("Query");
  return operation.type == "mutation" ? find_type("Mutation") : nullptr;
}

}  // namespace millrace::graphql
