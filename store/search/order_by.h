// The order_by language of the registry's searches.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::search {

// A key that one may sort by and its column; two keys of one column are one.
struct OrderKey {
  std::string_view key;
  std::string_view column;
};

struct OrderItem {
  std::string_view column;  // of the table that was given
  bool ascending = true;
};

// The ORDER BY terms of an order over the table's alias: "m.name, m.version DESC".
std::string order_terms(std::span<const OrderItem> order, std::string_view alias);

// One item of an order_by list, unquoted but not looked up (SearchUtils._parse_order_by_string):
// an identifier with or without ASC or DESC. Throws INVALID_PARAMETER_VALUE.
struct OrderWords {
  std::string key;
  bool ascending = true;
};
OrderWords parse_order_words(std::string_view item);

// INTERNAL_ERROR (500): MLflow's answer to an item that sorts by what another one does already.
[[noreturn]] void refuse_duplicate_order(const std::vector<std::string>& order_by);

// registered-models/search: name, timestamp, last_updated_timestamp. The order is completed to a
// total one, as MLflow does. Throws INVALID_PARAMETER_VALUE for an item, INTERNAL_ERROR (500) for a
// column given twice, in the order of the items.
std::vector<OrderItem> parse_registered_model_order(const std::vector<std::string>& order_by);

// model-versions/search, likewise. An empty list means the newest first.
std::vector<OrderItem> parse_model_version_order(const std::vector<std::string>& order_by);

}  // namespace millrace::search
