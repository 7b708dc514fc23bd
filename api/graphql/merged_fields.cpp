#include "api/graphql/merged_fields.h"

#include <algorithm>
#include <map>
#include <set>

namespace millrace::graphql {
namespace {

void collect(const Document& document, const std::vector<Selection>& selections, Groups& groups,
             std::set<std::string>& visited) {
  for (const Selection& selection : selections) {
    if (selection.kind == Selection::Kind::InlineFragment) {
      collect(document, selection.selections, groups, visited);
    } else if (selection.kind == Selection::Kind::FragmentSpread) {
      const Fragment* fragment = document.fragment(selection.name);
      if (fragment != nullptr && visited.insert(selection.name).second)
        collect(document, fragment->selections, groups, visited);
    } else {
      const auto found = std::find_if(groups.begin(), groups.end(), [&](const auto& group) {
        return group.first == selection.response_key();
      });
      if (found != groups.end()) {
        found->second.push_back(&selection);
      } else {
        groups.push_back({selection.response_key(), {&selection}});
      }
    }
  }
}

bool same_arguments(const Selection& a, const Selection& b) {
  std::map<std::string, std::string> texts;
  for (const Argument& argument : a.arguments) texts[argument.name] = to_string(argument.value);
  return a.arguments.size() == b.arguments.size() &&
         std::all_of(b.arguments.begin(), b.arguments.end(), [&](const Argument& argument) {
           const auto found = texts.find(argument.name);
           return found != texts.end() && found->second == to_string(argument.value);
         });
}

struct Reason {
  std::string key;
  std::string text;
};

std::optional<Reason> reason_of(const Document& document, const Group& parents) {
  for (const auto& [key, group] : merged_fields(document, parents)) {
    const Selection& first = *group.front();
    for (const Selection* other : group) {
      if (other == &first) continue;
      if (other->name != first.name)
        return Reason{key, "'" + first.name + "' and '" + other->name + "' are different fields"};
      if (!same_arguments(first, *other)) return Reason{key, "they have differing arguments"};
    }
    // A fault within one of them is that one's own; only what they do together is the group's.
    for (const Selection* one : group) {
      if (auto inner = reason_of(document, {one})) return inner;
    }
    if (group.size() == 1) continue;
    if (auto inner = reason_of(document, group)) {
      return Reason{key, "subfields '" + inner->key + "' conflict because " + inner->text};
    }
  }
  return std::nullopt;
}

}  // namespace

Groups merged_fields(const Document& document, const Group& parents) {
  Groups groups;
  std::set<std::string> visited;
  for (const Selection* parent : parents) collect(document, parent->selections, groups, visited);
  return groups;
}

std::optional<std::string> field_conflict(const Document& document, const Group& parents) {
  const auto reason = reason_of(document, parents);
  if (!reason) return std::nullopt;
  return "Fields '" + reason->key + "' conflict because " + reason->text +
         ". Use different aliases on the fields to fetch both if this was intentional.";
}

}  // namespace millrace::graphql
