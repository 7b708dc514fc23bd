// What becomes of a metric's value on its way into a column.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "store/common/sql_dialect.h"
#include "store/records/tracking.h"

namespace millrace::tracking {

// sanitize_metric_value: what no database keeps becomes a number.
inline double stored_value(const Metric& metric) {
  if (std::isnan(metric.value)) return 0;
  constexpr double most = std::numeric_limits<double>::max();
  return std::clamp(metric.value, -most, most);
}

// MLflow's driver writes digits, which PostgreSQL reads as a decimal number: it has no negative
// zero.
inline double stored_value(const Metric& metric, Dialect dialect) {
  const double value = stored_value(metric);
  return dialect == Dialect::Postgresql ? value + 0.0 : value;
}

}  // namespace millrace::tracking
