#include "store/search/search_sql.h"

#include <algorithm>
#include <functional>

namespace millrace::search {
namespace {

constexpr std::string_view prompt_key = "mlflow.prompt.is_prompt";

// All conditions on the tag of one key.
struct TagGroup {
  std::string key;
  std::vector<const Comparison*> conditions;
};

bool selects_prompts(const std::vector<Comparison>& filter) {
  const auto first = std::find_if(filter.begin(), filter.end(), [](const Comparison& comparison) {
    return comparison.kind == KeyKind::Tag && comparison.key == prompt_key;
  });
  if (first == filter.end()) return false;
  const std::string value = python::lower(std::get<std::string>(first->value));
  return (first->op == "=" && value == "true") || (first->op == "!=" && value == "false");
}

std::vector<TagGroup> tag_groups(const std::vector<Comparison>& filter, bool with_prompt_key) {
  std::vector<TagGroup> groups;
  for (const Comparison& comparison : filter) {
    if (comparison.kind != KeyKind::Tag) continue;
    if (comparison.key == prompt_key && !with_prompt_key) continue;
    auto group = std::find_if(groups.begin(), groups.end(),
                              [&](const TagGroup& known) { return known.key == comparison.key; });
    if (group == groups.end()) group = groups.insert(group, {comparison.key, {}});
    group->conditions.push_back(&comparison);
  }
  return groups;
}

class SearchText {
 public:
  SearchText(const SearchTable& table, const ParsedSearch& search, Dialect dialect)
      : table_(table), search_(search), text_(dialect) {}

  Query build(std::string_view columns, const Page& page);

 private:
  using Condition = std::function<void()>;

  void collect_conditions();
  void add_all(std::span<const Condition> conditions);
  void add_attribute(const Comparison& comparison);
  void add_tag_conditions(std::string_view alias, const TagGroup& group);
  void add_tag_exists(const TagGroup& group);
  void add_no_prompt();
  void add_order();

  const SearchTable& table_;
  const ParsedSearch& search_;
  QueryText text_;
  std::vector<TagGroup> tags_;
  std::vector<Condition> conditions_;
};

Query SearchText::build(std::string_view columns, const Page& page) {
  const bool prompts = selects_prompts(search_.filter);
  tags_ = tag_groups(search_.filter, prompts);
  text_.add("SELECT ");
  text_.add(columns);
  text_.add(" FROM ");
  text_.add(table_.table);
  text_.add(" ");
  text_.add(table_.alias);
  text_.add(" WHERE ");
  text_.add(table_.alias);
  text_.add(".workspace = 'default'");
  collect_conditions();
  if (!prompts) conditions_.push_back([this] { add_no_prompt(); });
  if (!conditions_.empty()) {
    text_.add(" AND ");
    add_all(conditions_);
  }
  add_order();
  text_.add(" LIMIT ");
  text_.add_value(page.limit);
  text_.add(" OFFSET ");
  text_.add_value(page.offset);
  return text_.take();
}

void SearchText::collect_conditions() {
  if (!table_.condition.empty()) conditions_.push_back([this] { text_.add(table_.condition); });
  for (const Comparison& comparison : search_.filter) {
    if (comparison.kind != KeyKind::Attribute) continue;
    conditions_.push_back([this, &comparison] { add_attribute(comparison); });
  }
  for (const TagGroup& group : tags_) {
    conditions_.push_back([this, &group] { add_tag_exists(group); });
  }
}

// Conditions joined by AND; very many in a balanced way, because databases bound the depth.
void SearchText::add_all(std::span<const Condition> conditions) {
  constexpr std::size_t flat = 100;
  if (conditions.size() > flat) {
    const std::size_t half = conditions.size() / 2;
    text_.add("(");
    add_all(conditions.first(half));
    text_.add(") AND (");
    add_all(conditions.subspan(half));
    text_.add(")");
    return;
  }
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    if (i > 0) text_.add(" AND ");
    conditions[i]();
  }
}

void SearchText::add_attribute(const Comparison& comparison) {
  const auto known =
      std::find_if(table_.columns.begin(), table_.columns.end(),
                   [&](const Column& column) { return column.key == comparison.key; });
  const std::string_view column = known->column;
  const auto* pattern = std::get_if<std::string>(&comparison.value);
  if (comparison.op == "LIKE" && pattern != nullptr) {
    text_.add_indexed_like(column, *pattern);
  } else {
    text_.add_comparison(column, comparison.op, comparison.value);
  }
}

void SearchText::add_tag_conditions(std::string_view alias, const TagGroup& group) {
  const std::string prefix = std::string(alias) + ".";
  text_.add(prefix + "workspace = 'default' AND ");
  text_.add_comparison(prefix + "key", "=", group.key);
  for (const Comparison* condition : group.conditions) {
    text_.add(" AND ");
    text_.add_comparison(prefix + "value", condition->op, condition->value);
  }
}

void SearchText::add_tag_exists(const TagGroup& group) {
  text_.add("EXISTS (SELECT 1 FROM ");
  text_.add(table_.tag_table);
  text_.add(" t WHERE ");
  add_tag_conditions("t", group);
  for (const std::string_view link : table_.links) {
    text_.add(" AND t." + std::string(link) + " = " + std::string(table_.alias) + "." +
              std::string(link));
  }
  text_.add(")");
}

// By name alone: one version with the tag hides all versions of the name.
void SearchText::add_no_prompt() {
  const std::string name(table_.links.front());
  text_.add("NOT EXISTS (SELECT 1 FROM ");
  text_.add(table_.tag_table);
  text_.add(" p WHERE p.workspace = 'default' AND ");
  text_.add_comparison("p.key", "=", std::string(prompt_key));
  text_.add(" AND ");
  text_.add_comparison("p.value", "=", std::string("true"));
  text_.add(" AND p." + name + " = " + std::string(table_.alias) + "." + name + ")");
}

void SearchText::add_order() {
  text_.add(" ORDER BY ");
  bool first = true;
  for (const OrderItem& item : search_.order) {
    if (!first) text_.add(", ");
    first = false;
    text_.add(table_.alias);
    text_.add(".");
    text_.add(item.column);
    if (!item.ascending) text_.add(" DESC");
  }
}

}  // namespace

Query search_query(const SearchTable& table, const ParsedSearch& search, std::string_view columns,
                   const Page& page, Dialect dialect) {
  return SearchText(table, search, dialect).build(columns, page);
}

}  // namespace millrace::search
