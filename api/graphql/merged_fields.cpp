#include "api/graphql/merged_fields.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

namespace millrace::graphql {
namespace {

class Collection {
 public:
  explicit Collection(const Document& document) : document_(document) {}

  void collect(const std::vector<Selection>& selections) {
    for (const Selection& selection : selections) {
      if (selection.kind != Selection::Kind::Field) ++uses_;
      if (selection.kind == Selection::Kind::InlineFragment) {
        collect(selection.selections);
      } else if (selection.kind == Selection::Kind::FragmentSpread) {
        const Fragment* fragment = document_.fragment(selection.name);
        if (fragment != nullptr && visited_.insert(selection.name).second)
          collect(fragment->selections);
      } else {
        const std::string& key = selection.response_key();
        const auto [place, is_new] = places_.try_emplace(key, groups_.size());
        if (is_new) groups_.push_back({key, {}});
        groups_[place->second].second.push_back(&selection);
      }
    }
  }
  Groups take() { return std::move(groups_); }
  std::size_t uses() const { return uses_; }

 private:
  const Document& document_;
  Groups groups_;
  std::map<std::string_view, std::size_t> places_;  // of the keys in the groups
  std::set<std::string_view> visited_;
  std::size_t uses_ = 0;
};

std::vector<const ObjectField*> sorted_fields(const Value& value) {
  std::vector<const ObjectField*> fields;
  for (const ObjectField& field : value.fields) fields.push_back(&field);
  std::stable_sort(fields.begin(), fields.end(),
                   [](const auto* a, const auto* b) { return a->name < b->name; });
  return fields;
}

bool same_value(const Value& a, const Value& b) {
  if (a.kind != b.kind || a.text != b.text || a.fields.size() != b.fields.size()) return false;
  const auto one = sorted_fields(a);
  const auto other = sorted_fields(b);
  return std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(), same_value) &&
         std::equal(one.begin(), one.end(), other.begin(), [](const auto* x, const auto* y) {
           return x->name == y->name && same_value(x->value, y->value);
         });
}

bool same_arguments(const Selection& a, const Selection& b) {
  if (a.arguments.size() != b.arguments.size()) return false;
  std::map<std::string_view, const Value*> values;
  for (const Argument& argument : a.arguments) values[argument.name] = &argument.value;
  return std::all_of(b.arguments.begin(), b.arguments.end(), [&](const Argument& argument) {
    const auto found = values.find(argument.name);
    return found != values.end() && same_value(*found->second, argument.value);
  });
}

struct Reason {
  std::string key;
  std::string text;
};

class Comparison {
 public:
  explicit Comparison(const Document& document) : document_(document) {}

  std::optional<Reason> reason_of(const Group& parents) {
    // There are many ways to the same fields, one for each pair of fields above them.
    if (!compared_.insert(parents).second) return std::nullopt;
    for (const auto& [key, group] : merged_fields(document_, parents)) {
      const Selection& first = *group.front();
      for (const Selection* other : group) {
        if (other == &first) continue;
        if (other->name != first.name)
          return Reason{key, "'" + first.name + "' and '" + other->name + "' are different fields"};
        if (!same_arguments(first, *other)) return Reason{key, "they have differing arguments"};
      }
      // A fault within one of them is that one's own; only what they do together is the group's.
      for (const Selection* one : group) {
        if (auto inner = reason_of({one})) return inner;
      }
      if (group.size() == 1) continue;
      if (auto inner = reason_of(group)) {
        return Reason{key, "subfields '" + inner->key + "' conflict because " + inner->text};
      }
    }
    return std::nullopt;
  }

 private:
  const Document& document_;
  std::set<Group> compared_;
};

}  // namespace

Groups merged_fields(const Document& document, const Group& parents, std::size_t* uses) {
  Collection collection(document);
  for (const Selection* parent : parents) collection.collect(parent->selections);
  if (uses != nullptr) *uses += collection.uses();
  return collection.take();
}

std::optional<std::string> field_conflict(const Document& document, const Group& parents) {
  const auto reason = Comparison(document).reason_of(parents);
  if (!reason) return std::nullopt;
  return "Fields '" + reason->key + "' conflict because " + reason->text +
         ". Use different aliases on the fields to fetch both if this was intentional.";
}

}  // namespace millrace::graphql
