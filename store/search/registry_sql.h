// Comparisons and an order as one SELECT over an entity's table and its table of tags.
#pragma once

#include <span>
#include <string_view>

#include "store/search/registry.h"

namespace millrace::search {

// An attribute of a filter and the column that it means.
struct Column {
  std::string_view key;
  std::string_view column;
};

// Where an entity of the registry lies. Its primary key is (workspace, links...), that of its tags
// (workspace, key, links...), and the first link is a text that the searches use most.
struct SearchTable {
  std::string_view table;
  std::string_view alias;
  std::span<const Column> columns;
  std::string_view tag_table;
  std::span<const std::string_view> links;
  std::string_view condition;  // on every row; may be empty
  std::int64_t rare = 0;       // rows with one tag, up to which reading them all is no loss
};

// The rows for which all comparisons hold, prompts or all but prompts as MLflow chooses
// (SqlAlchemyStore._is_querying_prompt, _update_query_to_exclude_prompts). Conditions on one tag
// key must hold on one tag.
Query search_query(const SearchTable& table, const ParsedSearch& search, std::string_view columns,
                   const Page& page, Dialect dialect);

}  // namespace millrace::search
