// registered-models/search and model-versions/search: from the texts of a request to the statement
// that returns the rows of one page, in the order of MLflow's answer.
//
// MLflow reads a page token between the checks of the texts and the checks that building the query
// makes, hence the two steps. Both throw INVALID_PARAMETER_VALUE unless they say otherwise, and
// neither touches a database.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/search/filter.h"
#include "store/search/order_by.h"
#include "store/search/query.h"

namespace millrace::search {

struct ParsedSearch {
  std::vector<Comparison> filter;
  std::vector<OrderItem> order;  // total
};

// Throws for what the filter's grammar, its keys and its types of values do not allow, then for
// order_by (a column given twice: INTERNAL_ERROR).
ParsedSearch parse_registered_model_search(std::string_view filter,
                                           const std::vector<std::string>& order_by);

// The same, and between filter and order_by for an operator that a key does not allow.
ParsedSearch parse_model_version_search(std::string_view filter,
                                        const std::vector<std::string>& order_by);

// `columns` is the select list, of registered_models under the alias m or of model_versions under
// the alias v. It has no places for values.
// Throws BAD_REQUEST for a list beside another operator than IN and NOT IN, INTERNAL_ERROR on
// SQLite for a version beyond int64; the first also INVALID_PARAMETER_VALUE for an operator that a
// key does not allow.
Query registered_models_query(const ParsedSearch& search, std::string_view columns,
                              const Page& page, Dialect dialect);
Query model_versions_query(const ParsedSearch& search, std::string_view columns, const Page& page,
                           Dialect dialect);

}  // namespace millrace::search
