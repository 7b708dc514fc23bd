// MLflow's validators of what runs log (mlflow/utils/validation.py). Each throws
// INVALID_PARAMETER_VALUE with MLflow's text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "store/records/tracking.h"

namespace millrace {

// Where in the request an entity stands: item `index` of `list`, or by itself when `list` is empty.
struct ItemPlace {
  std::string_view list = {};
  std::size_t index = 0;

  // What the messages call a field of it: "metrics[3].name", or "name".
  std::string path(std::string_view field) const;
};

// _validate_metric: the name, then that the timestamp is not negative, then the name's length.
void validate_metric(const ItemPlace& place, const Metric& metric);

// _validate_param and _validate_tag, of a run's tag. With `truncate`, MLFLOW_TRUNCATE_LONG_VALUES,
// too long values are cut, else refused.
void accept_param(const ItemPlace& place, Tag& param, bool truncate);
void accept_run_tag(const ItemPlace& place, Tag& tag, bool truncate);

// _validate_param_keys_unique.
void require_different_keys(const std::vector<Tag>& params);

}  // namespace millrace
