// runs/search: from the texts of a request to the statement that returns the rows of one page, in
// the order of MLflow's answer (SearchUtils and the module functions of tracking's
// sqlalchemy_store). Neither step touches a database.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/search/operand.h"
#include "store/search/query.h"
#include "store/search/registry.h"

namespace millrace::search {

enum class RunKeyKind { Metric, Param, Tag, Attribute, Dataset };

// A key of a filter or order_by: metrics.key, params.key, tags.key, datasets.key, attributes.key or
// the key of an attribute alone. Keys are those of MLflow's aliases (`created` is start_time, for
// all kinds).
struct RunKey {
  RunKeyKind kind = RunKeyKind::Attribute;
  std::string name;
};

// One comparison of a filter: all must hold. `op` is in upper case and one that the key allows;
// a metric's value is a double, after IS NULL and IS NOT NULL there is none.
struct RunComparison {
  RunKey key;
  std::string op;
  Operand value;
};

struct RunOrderItem {
  RunKey key;
  bool ascending = true;
};

struct RunSearch {
  std::vector<RunComparison> filter;
  std::vector<RunOrderItem> order;  // without the tie-breaks that follow
};

// Throws INVALID_PARAMETER_VALUE: for what the filter's grammar, its keys and its types of values
// do not allow, then for order_by (a key given twice: INTERNAL_ERROR; at most 30 keys), then for
// operators.
RunSearch parse_run_search(std::string_view filter, const std::vector<std::string>& order_by);

// Which runs are searched.
struct RunScope {
  std::vector<std::int64_t> experiment_ids;  // at least one for a statement that a database takes
  std::vector<std::string_view> stages;      // at least one
};

// `columns` is the select list, of runs under the alias r, without places for values. Throws
// BAD_REQUEST for a list beside another operator than IN and NOT IN, INTERNAL_ERROR on SQLite for
// an integer beyond int64, INVALID_PARAMETER_VALUE for more values than QueryText takes.
Query runs_query(const RunSearch& search, const RunScope& scope, std::string_view columns,
                 const Page& page, Dialect dialect);

}  // namespace millrace::search
