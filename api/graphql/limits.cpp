#include "api/graphql/limits.h"

#include <algorithm>
#include <vector>

#include "api/graphql/merged_fields.h"

namespace millrace::graphql {
namespace {

constexpr std::size_t kMaximumDepth = 10;
constexpr std::size_t kMaximumSelections = 1000;
constexpr std::size_t kMaximumUses = 1000;  // of fragments; MLflow has no such limit

std::string too_many(std::size_t limit, std::size_t count, const std::string& what,
                     const std::string& variable) {
  return "GraphQL queries should have at most " + std::to_string(limit) + " " + what + ", got " +
         std::to_string(count) + " " + what +
         ". To increase the limit, set the MLFLOW_SERVER_GRAPHQL_MAX_" + variable +
         " environment variable.";
}

}  // namespace

std::optional<std::string> broken_limit(const Document& document, const Limits& limits) {
  std::size_t root_fields = 0;
  std::size_t most_aliases = 0;
  std::size_t selections = 0;  // of all operations
  std::size_t uses = 0;
  for (const Operation& operation : document.operations) {
    Selection whole;
    whole.selections = operation.selections;
    std::vector<std::pair<const Selection*, std::size_t>> stack{{&whole, 1}};
    while (!stack.empty()) {
      const auto [parent, depth] = stack.back();
      stack.pop_back();
      if (depth > kMaximumDepth)
        return "Query exceeds maximum depth of " + std::to_string(kMaximumDepth);
      std::size_t aliases = 0;
      for (const auto& [key, group] : merged_fields(document, {parent}, &uses)) {
        for (const Selection* field : group) {
          if (depth == 1) ++root_fields;
          if (!field->alias.empty()) ++aliases;
          if (!field->selections.empty()) stack.emplace_back(field, depth + 1);
          if (++selections > kMaximumSelections) {
            return "Query exceeds maximum total selections of " +
                   std::to_string(kMaximumSelections);
          }
        }
      }
      if (uses > kMaximumUses)
        return "Query exceeds maximum uses of fragments of " + std::to_string(kMaximumUses);
      most_aliases = std::max(most_aliases, aliases);
    }
  }
  if (root_fields > limits.root_fields)
    return too_many(limits.root_fields, root_fields, "root fields", "ROOT_FIELDS");
  if (most_aliases > limits.aliases)
    return too_many(limits.aliases, most_aliases, "aliases", "ALIASES");
  return std::nullopt;
}

}  // namespace millrace::graphql
