#include "store/search/order_by.h"

#include <algorithm>

#include "store/common/error.h"
#include "store/search/filter.h"
#include "store/search/shell_words.h"
#include "store/search/statements.h"
#include "store/text/python_text.h"

namespace millrace::search {
namespace {

constexpr OrderKey model_keys[] = {{"name", "name"},
                                   {"timestamp", "last_updated_time"},
                                   {"last_updated_timestamp", "last_updated_time"}};
constexpr std::string_view recommended_model_keys[] = {"name", "timestamp"};
constexpr OrderKey version_keys[] = {{"name", "name"},
                                     {"version_number", "version"},
                                     {"creation_timestamp", "creation_time"},
                                     {"last_updated_timestamp", "last_updated_time"}};
constexpr std::string_view version_key_names[] = {"name", "version_number", "creation_timestamp",
                                                  "last_updated_timestamp"};

const OrderKey* find_key(std::span<const OrderKey> keys, std::string_view wanted) {
  const auto found = std::find_if(keys.begin(), keys.end(),
                                  [&](const OrderKey& key) { return key.key == wanted; });
  return found == keys.end() ? nullptr : &*found;
}

[[noreturn]] void refuse_unparsed(std::string_view item) {
  throw_invalid_parameter("Invalid order_by clause '" + std::string(item) +
                          "'. Could not be parsed.");
}

// Whether this is the one word `timestamp`, which sqlparse takes for a type, or that and a
// direction.
bool is_timestamp(const std::vector<Token*>& tokens) {
  if (!tokens.front()->matches(TokenType::NameBuiltin, "timestamp")) return false;
  if (tokens.size() == 1) return true;
  return tokens.back()->type == TokenType::KeywordOrder &&
         std::all_of(tokens.begin() + 1, tokens.end() - 1,
                     [](const Token* token) { return token->is_blank(); });
}

// SearchUtils._validate_order_by_and_generate_token.
std::string order_text(std::string_view item) {
  const ParsedSql parsed = parse_sql(item, "order_by clause");
  if (parsed.statements.size() != 1) refuse_unparsed(item);
  const std::vector<Token*>& tokens = parsed.statements.front()->parts;
  if (tokens.size() == 1 && tokens.front()->group == Group::Identifier) {
    return std::string(tokens.front()->text);
  }
  if (!is_timestamp(tokens)) refuse_unparsed(item);
  if (tokens.size() == 1) return "timestamp";
  return "timestamp " + std::string(tokens.back()->text);
}

// The columns named so far; a second mention is an error of its own kind.
class Order {
 public:
  explicit Order(const std::vector<std::string>& order_by) : order_by_(order_by) {}

  void add(std::string_view column, bool ascending) {
    if (has(column)) refuse_duplicate_order(order_by_);
    items_.push_back({column, ascending});
  }
  void complete(std::string_view column, bool ascending) {
    if (!has(column)) items_.push_back({column, ascending});
  }
  std::vector<OrderItem> take() { return std::move(items_); }

 private:
  bool has(std::string_view column) const {
    return std::any_of(items_.begin(), items_.end(),
                       [&](const OrderItem& item) { return item.column == column; });
  }

  const std::vector<std::string>& order_by_;
  std::vector<OrderItem> items_;
};

}  // namespace

void refuse_duplicate_order(const std::vector<std::string>& order_by) {
  std::string list;
  for (const std::string& item : order_by) {
    if (!list.empty()) list += ", ";
    list += python::repr(item);
  }
  throw Error(ErrorCode::InternalError, "`order_by` contains duplicate fields: [" + list + "]");
}

std::string order_terms(std::span<const OrderItem> order, std::string_view alias) {
  std::string terms;
  for (const OrderItem& item : order) {
    terms.append(terms.empty() ? "" : ", ").append(alias).append(".").append(item.column);
    if (!item.ascending) terms += " DESC";
  }
  return terms;
}

OrderWords parse_order_words(std::string_view item) {
  std::string text = order_text(item);
  std::string quoted = text;
  std::replace(quoted.begin(), quoted.end(), '`', '"');
  const std::optional<std::vector<std::string>> words = split_shell_words(quoted);
  if (!words || words->size() > 2) refuse_unparsed(item);
  // A single word keeps its quotes.
  if (words->size() < 2) return {std::string(python::strip(text)), true};
  const std::string direction = python::lower(words->back());
  if (direction != "asc" && direction != "desc") {
    throw_invalid_parameter("Invalid ordering key in order_by clause '" + std::string(item) + "'.");
  }
  return {std::string(python::strip(words->front())), direction == "asc"};
}

std::vector<OrderItem> parse_registered_model_order(const std::vector<std::string>& order_by) {
  Order order(order_by);
  for (const std::string& item : order_by) {
    const OrderWords words = parse_order_words(item);
    const OrderKey* key = find_key(model_keys, words.key);
    if (key == nullptr) {
      throw_invalid_parameter("Invalid order by key '" + words.key +
                              "' specified. Valid keys are '" + set_repr(recommended_model_keys) +
                              "'");
    }
    order.add(key->column, words.ascending);
  }
  order.complete("name", true);
  return order.take();
}

std::vector<OrderItem> parse_model_version_order(const std::vector<std::string>& order_by) {
  Order order(order_by);
  for (const std::string& item : order_by) {
    const OrderWords words = parse_order_words(item);
    const PrefixedKey identifier = split_prefix(words.key);
    const std::string_view name = trim_backticks(strip_quotes(identifier.key));
    if (identifier.kind == KeyKind::Attribute) require_attribute(name, version_key_names);
    // A tag prefix is accepted and means nothing.
    const OrderKey* key = find_key(version_keys, name);
    if (key == nullptr) {
      throw_invalid_parameter("Invalid order by key '" + std::string(name) +
                              "' specified. Valid keys are " + set_repr(version_key_names));
    }
    order.add(key->column, words.ascending);
  }
  if (order_by.empty()) order.add("last_updated_time", false);
  order.complete("name", true);
  order.complete("version", false);
  return order.take();
}

}  // namespace millrace::search
