// experiments/search: from the texts of a request to the statement that returns the rows of one
// page, in the order of MLflow's answer (SearchExperimentsUtils and the functions
// _get_search_experiments_* of the tracking SqlAlchemyStore). Nothing here touches a database.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/search/registry.h"

namespace millrace::search {

// _parse_experiment_id: Python's int(). Throws INVALID_PARAMETER_VALUE; also for a number beyond
// int64, which MLflow answers with a 500 of its database driver.
std::int64_t parse_experiment_id(std::string_view text);

// The comparisons of a filter in their order, with the operators as they are written: other than in
// the registry, only upper case ones mean something. IS NULL and IS NOT NULL have no value. Throws
// INVALID_PARAMETER_VALUE for what the grammar, the keys and their types of values do not allow.
std::vector<Comparison> parse_experiment_filter(std::string_view filter);

// The whole search; experiment ids are canonical then. Throws INVALID_PARAMETER_VALUE: as above,
// then for an operator that a key does not allow and a number that is none, then for order_by.
ParsedSearch parse_experiment_search(std::string_view filter,
                                     const std::vector<std::string>& order_by);

// `columns` is the select list, of experiments under the alias e; it has no places for values.
// `stages` are the lifecycle stages to return. Throws BAD_REQUEST for a list of ids beside another
// operator than IN and NOT IN, INTERNAL_ERROR on SQLite for a time beyond int64.
Query experiments_query(const ParsedSearch& search, std::string_view columns,
                        std::span<const std::string_view> stages, const Page& page,
                        Dialect dialect);

}  // namespace millrace::search
