#include "store/search/registry_sql.h"

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

bool is_equality(const Comparison* condition) { return condition->op == "="; }

bool has_equality(const TagGroup& group) {
  return std::any_of(group.conditions.begin(), group.conditions.end(), is_equality);
}

// Whether a condition names one text or a few of them.
bool names_texts(const Comparison& comparison) {
  if (comparison.kind != KeyKind::Attribute) return false;
  if (comparison.op == "IN") return true;
  return comparison.op == "=" && std::holds_alternative<std::string>(comparison.value);
}

// Whether a condition narrows a column down that an index begins with.
bool narrows(const Comparison& comparison, std::string_view column) {
  if (comparison.key != column) return false;
  if (names_texts(comparison)) return true;
  const auto* pattern = std::get_if<std::string>(&comparison.value);
  return comparison.kind == KeyKind::Attribute && comparison.op == "LIKE" && pattern != nullptr &&
         !literal_beginning(*pattern).empty();
}

// How SQLite, which knows nothing about how common a tag is, gets at the rows.
enum class Access {
  Rows,      // from row to row, looking for tags at each
  Tag,       // from one tag to its rows
  Measured,  // the second if that tag is rare, else the first, which stops when the page is full
};

class SearchText {
 public:
  SearchText(const SearchTable& table, const ParsedSearch& search, const Page& page,
             Dialect dialect)
      : table_(table),
        search_(search),
        page_(page),
        prompts_(selects_prompts(search.filter)),
        by_link_(
            std::any_of(search.filter.begin(), search.filter.end(),
                        [&](const Comparison& one) { return narrows(one, table.links.front()); })),
        selective_(by_link_ ||
                   std::any_of(search.filter.begin(), search.filter.end(), names_texts)),
        tags_(tag_groups(search.filter, prompts_)),
        text_(dialect) {}

  Query build(std::string_view columns);

 private:
  using Condition = std::function<void()>;

  Access access() const;
  // Whether an index gives the rows in their order, so that a full page ends the search.
  bool walks_in_order() const;
  const TagGroup& leading_tag() const;
  std::string link(std::string_view alias, std::string_view column) const;

  void add_select(std::string_view columns, const TagGroup* leading);
  void add_page(const Condition& limit);
  void add_measured(std::string_view columns);
  void add_attribute(const Comparison& comparison);
  void add_leading_tag(const TagGroup& group);
  void add_values(const std::string& column, const TagGroup& group);
  void add_tag_conditions(std::string_view alias, const TagGroup& group);
  void add_tag_exists(const TagGroup& group);
  void add_limit_if(bool rare, const TagGroup& group);
  void add_value_beginning(std::string_view alias, const TagGroup& group);
  void add_no_prompt();
  void add_order(const TagGroup* leading);

  const SearchTable& table_;
  const ParsedSearch& search_;
  const Page& page_;
  bool prompts_;
  bool by_link_;    // a condition finds the rows in the primary key
  bool selective_;  // conditions on attributes leave few rows
  std::vector<TagGroup> tags_;
  QueryText text_;
};

Query SearchText::build(std::string_view columns) {
  switch (access()) {
    case Access::Rows:
      add_select(columns, nullptr);
      break;
    case Access::Tag:
      add_select(columns, &leading_tag());
      break;
    case Access::Measured:
      add_measured(columns);
      return text_.take();
  }
  text_.add_page(page_);
  return text_.take();
}

Access SearchText::access() const {
  if (text_.dialect() != Dialect::Sqlite || tags_.empty() || selective_) return Access::Rows;
  return search_.order.front().column == "last_updated_time" ? Access::Measured : Access::Tag;
}

bool SearchText::walks_in_order() const {
  return !selective_ && search_.order.front().column != "creation_time";
}

// The tag that promises the fewest rows.
const TagGroup& SearchText::leading_tag() const {
  const auto equal = std::find_if(tags_.begin(), tags_.end(), has_equality);
  return equal == tags_.end() ? tags_.front() : *equal;
}

// Up to ORDER BY; from the tags of `leading` to their rows if it is given.
void SearchText::add_select(std::string_view columns, const TagGroup* leading) {
  const std::string alias(table_.alias);
  const bool sqlite = text_.dialect() == Dialect::Sqlite;
  text_.add("SELECT ");
  text_.add(columns);
  text_.add(" FROM ");
  std::vector<Condition> conditions;
  if (leading != nullptr) {
    text_.add(table_.tag_table);
    text_.add(" d CROSS JOIN ");
    conditions.push_back([this, leading] { add_leading_tag(*leading); });
  }
  text_.add(table_.table);
  text_.add(" " + alias + " WHERE ");
  // The sign keeps SQLite from reading all rows of the workspace through an index for nothing.
  if (sqlite && leading == nullptr && !by_link_ && !walks_in_order()) text_.add("+");
  text_.add(alias + ".workspace = 'default'");
  if (!table_.condition.empty()) conditions.push_back([this] { text_.add(table_.condition); });
  for (const Comparison& comparison : search_.filter) {
    if (comparison.kind != KeyKind::Attribute) continue;
    conditions.push_back([this, &comparison] { add_attribute(comparison); });
  }
  for (const TagGroup& group : tags_) {
    if (&group != leading) conditions.push_back([this, &group] { add_tag_exists(group); });
  }
  if (!prompts_) conditions.push_back([this] { add_no_prompt(); });
  if (!conditions.empty()) {
    text_.add(" AND ");
    text_.add_all(conditions);
  }
  add_order(leading);
}

void SearchText::add_page(const Condition& limit) {
  text_.add(" LIMIT ");
  limit();
  text_.add(" OFFSET ");
  text_.add_value(page_.offset);
}

// Both ways in one statement, one of them with a limit of 0: SQLite looks at a limit before it
// looks at any row, but at a condition without columns in every row.
void SearchText::add_measured(std::string_view columns) {
  const TagGroup& leading = leading_tag();
  const std::string all = std::string(table_.alias) + ".*";
  text_.add("SELECT ");
  text_.add(columns);
  text_.add(" FROM (SELECT * FROM (");
  add_select(all, &leading);
  add_page([&] { add_limit_if(true, leading); });
  text_.add(") UNION ALL SELECT * FROM (");
  add_select(all, nullptr);
  add_page([&] { add_limit_if(false, leading); });
  text_.add(")) ");
  text_.add(table_.alias);
  add_order(nullptr);
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

std::string SearchText::link(std::string_view alias, std::string_view column) const {
  return std::string(alias) + "." + std::string(column) + " = " + std::string(table_.alias) + "." +
         std::string(column);
}

void SearchText::add_values(const std::string& column, const TagGroup& group) {
  std::vector<Condition> conditions;
  for (const Comparison* condition : group.conditions) {
    conditions.push_back([this, &column, condition] {
      text_.add_comparison(column, condition->op, condition->value);
    });
  }
  text_.add(" AND ");
  text_.add_all(conditions);
}

void SearchText::add_tag_conditions(std::string_view alias, const TagGroup& group) {
  const std::string prefix = std::string(alias) + ".";
  text_.add(prefix + "workspace = 'default' AND ");
  text_.add_comparison(prefix + "key", "=", group.key);
  add_values(prefix + "value", group);
}

// What the index on tags has of a value.
void SearchText::add_value_beginning(std::string_view alias, const TagGroup& group) {
  const auto equal = std::find_if(group.conditions.begin(), group.conditions.end(), is_equality);
  if (equal == group.conditions.end()) return;
  text_.add(" AND substr(" + std::string(alias) + ".value, 1, 64) = substr(");
  text_.add_value(std::get<std::string>((*equal)->value));
  text_.add(", 1, 64)");
}

// The sign keeps SQLite from putting the value into the expression of the index.
void SearchText::add_leading_tag(const TagGroup& group) {
  text_.add("d.workspace = 'default' AND d.key = ");
  text_.add_value(group.key);
  add_value_beginning("d", group);
  add_values("+d.value", group);
  for (const std::string_view column : table_.links) text_.add(" AND " + link("d", column));
}

void SearchText::add_tag_exists(const TagGroup& group) {
  text_.add("EXISTS (SELECT 1 FROM ");
  text_.add(table_.tag_table);
  text_.add(" t WHERE ");
  add_tag_conditions("t", group);
  for (const std::string_view column : table_.links) text_.add(" AND " + link("t", column));
  text_.add(")");
}

// By name alone: one version with the tag hides all versions of the name.
void SearchText::add_no_prompt() {
  text_.add("NOT EXISTS (SELECT 1 FROM ");
  text_.add(table_.tag_table);
  text_.add(" p WHERE p.workspace = 'default' AND ");
  text_.add_comparison("p.key", "=", std::string(prompt_key));
  text_.add(" AND ");
  text_.add_comparison("p.value", "=", std::string("true"));
  text_.add(" AND " + link("p", table_.links.front()) + ")");
}

// The page's limit if the tag is rare (or is not), else 0. With n rows of which m have the tag,
// going from tag to row takes m steps, filling the page from row to row about limit * n / m.
void SearchText::add_limit_if(bool rare, const TagGroup& group) {
  constexpr std::int64_t most = 50'000;
  const bool small_page = page_.limit >= 0 && page_.limit < most;
  const std::int64_t bound = small_page ? std::min(table_.rare + 4 * page_.limit, most) : most;
  text_.add("CASE WHEN (SELECT count(*) FROM (SELECT 1 FROM ");
  text_.add(table_.tag_table);
  text_.add(" f WHERE f.workspace = 'default' AND f.key = ");
  text_.add_value(group.key);
  add_value_beginning("f", group);
  text_.add(" LIMIT " + std::to_string(bound + 1) + ")) ");
  text_.add((rare ? "<= " : "> ") + std::to_string(bound) + " THEN ");
  text_.add_value(page_.limit);
  text_.add(" ELSE 0 END");
}

void SearchText::add_order(const TagGroup* leading) {
  const auto& links = table_.links;
  // The sign keeps SQLite from walking through all rows in their order when a condition leaves few.
  text_.add(text_.dialect() == Dialect::Sqlite && selective_ ? " ORDER BY +" : " ORDER BY ");
  bool first = true;
  for (const OrderItem& item : search_.order) {
    if (!first) text_.add(", ");
    first = false;
    // The tags' indexes are in the order of the links.
    const bool linked = std::find(links.begin(), links.end(), item.column) != links.end();
    text_.add(leading != nullptr && linked ? "d" : table_.alias);
    text_.add(".");
    text_.add(item.column);
    if (!item.ascending) text_.add(" DESC");
  }
}

}  // namespace

Query search_query(const SearchTable& table, const ParsedSearch& search, std::string_view columns,
                   const Page& page, Dialect dialect) {
  return SearchText(table, search, page, dialect).build(columns);
}

}  // namespace millrace::search
