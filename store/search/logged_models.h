// logged-models/search: from the texts of a request to the statement that returns the rows of one
// page, in the order of MLflow's answer (mlflow/utils/search_logged_model_utils.py and the two
// _apply_ methods of tracking's SqlAlchemyStore). Nothing in here touches a database.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "store/search/python_literal.h"
#include "store/search/query.h"
#include "store/search/registry.h"

namespace millrace::search {

enum class ModelKeyKind { Attribute, Metric, Param, Tag };

// One comparison of a filter: all must hold. `op` is in upper case and one that the key allows. The
// value is a double for metrics and times; else a text, or what stands in parentheses.
struct ModelComparison {
  ModelKeyKind kind = ModelKeyKind::Attribute;
  std::string key;  // of an attribute: its column
  std::string op;
  std::variant<std::string, double, LiteralValue> value;
};

// The points of metrics that count: those on one of the datasets. Without a digest, those whose
// digest is NULL.
struct DatasetPoints {
  std::string name;
  std::optional<std::string> digest;
};

// An item of order_by, as the request has it. Empty texts are absent ones.
struct ModelOrderField {
  std::string field_name;
  bool ascending = true;
  std::string dataset_name = {};
  std::string dataset_digest = {};
};

struct ModelOrderItem {
  std::string column;       // empty for a metric
  std::string metric = {};  // the value of its last point on the dataset, if one is named
  std::string dataset_name = {};
  std::string dataset_digest = {};
  bool ascending = true;
};

// The comparisons of a filter in their order. Throws INVALID_PARAMETER_VALUE for what its grammar,
// the kinds of keys and their operators do not allow; INTERNAL_ERROR for a text that is compared
// with a number, and then for an attribute that there is not; BAD_REQUEST for what is no list
// behind IN.
std::vector<ModelComparison> parse_logged_model_filter(std::string_view filter);

// Completed to a total order, as MLflow does: the newest first, then by id. Throws
// AttributeNotFound for a column that there is not, INVALID_PARAMETER_VALUE for something else with
// a dot than a metric, and for more than 52 metrics.
std::vector<ModelOrderItem> parse_logged_model_order(const std::vector<ModelOrderField>& order_by);

struct LoggedModelSearch {
  std::vector<std::int64_t> experiment_ids;
  std::vector<ModelComparison> filter;
  std::vector<DatasetPoints> datasets;
  std::vector<ModelOrderItem> order;  // total
};

// `columns` is the select list, of logged_models under the alias m, without places for values.
// Throws BAD_REQUEST for a list beside another operator than IN and NOT IN, INVALID_PARAMETER_VALUE
// for more than 1,000 datasets and for more values than QueryText takes.
Query logged_models_query(const LoggedModelSearch& search, std::string_view columns,
                          const Page& page, Dialect dialect);

}  // namespace millrace::search
