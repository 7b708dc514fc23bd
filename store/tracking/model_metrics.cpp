// The metrics that runs log for logged models.
#include <algorithm>
#include <charconv>
#include <map>
#include <span>
#include <tuple>

#include "store/common/error.h"
#include "store/db/dialect.h"
#include "store/db/key_spelling.h"
#include "store/db/padded_list.h"
#include "store/db/rows_statement.h"
#include "store/tracking/metric_values.h"
#include "store/tracking/run_data.h"
#include "store/tracking/run_rows.h"

namespace millrace::tracking {
namespace {

// Points that are looked for by one statement.
constexpr std::size_t kPointsAtOnce = 64;

using OptionalText = std::optional<std::string>;
using Point = std::tuple<std::string, std::string, std::int64_t, std::int64_t>;
// With the dataset's name and digest.
using StoredValue = std::tuple<std::optional<double>, OptionalText, OptionalText>;
using StoredPoints = std::map<Point, StoredValue>;

Point point_of(const Metric& metric) {
  return {*metric.model_id, metric.key, metric.timestamp, metric.step};
}

// May be more than those that were asked for, all of them by the table's key.
StoredPoints stored_points(Work& work, const std::string& run_id, std::span<const Metric> metrics) {
  const auto list = [&](const std::string& name, const auto& value) {
    return padded_list(
        metrics.size(), [&](std::size_t i) { return value(metrics[i]); }, name);
  };
  const PaddedList models = list("model", [](const Metric& metric) { return *metric.model_id; });
  const PaddedList keys = list("key", [](const Metric& metric) { return metric.key; });
  const PaddedList times = list("time", [](const Metric& metric) { return metric.timestamp; });
  Values values{run_id};
  for (const PaddedList* one : {&models, &keys, &times})
    values.insert(values.end(), one->values.begin(), one->values.end());
  StoredPoints points;
  work.each<std::string, std::string, std::int64_t, std::int64_t, std::optional<double>,
            OptionalText, OptionalText>(
      "SELECT model_id, metric_name, metric_timestamp_ms, metric_step, metric_value, dataset_name,"
      " dataset_digest FROM logged_model_metrics WHERE run_id = :run_id AND model_id" +
          models.sql + " AND metric_name" + keys.sql + " AND metric_timestamp_ms" + times.sql,
      values,
      [&points](std::string model_id, std::string key, std::int64_t timestamp, std::int64_t step,
                std::optional<double> value, OptionalText name, OptionalText digest) {
        points[{std::move(model_id), std::move(key), timestamp, step}] = {value, std::move(name),
                                                                          std::move(digest)};
      });
  return points;
}

// Of a point that the database did not take, since it has one that it finds equal.
void refuse_other_spelling_of(Work& work, const std::string& run_id, const Metric& metric) {
  const auto stored = work.first<std::string>(
      "SELECT metric_name FROM logged_model_metrics"
      " WHERE model_id = :model_id AND metric_name = :key AND metric_timestamp_ms = :timestamp"
      " AND metric_step = :step AND run_id = :run_id",
      {*metric.model_id, metric.key, metric.timestamp, metric.step, run_id});
  if (stored && std::get<0>(*stored) != metric.key)
    throw_same_key(std::get<0>(*stored), metric.key);
}

// A model's metric has one value at a step and timestamp of a run: logging it again is swallowed,
// another value refused.
void require_same(Work& work, const std::string& run_id, std::span<const Metric> metrics) {
  const StoredPoints points = stored_points(work, run_id, metrics);
  for (const Metric& metric : metrics) {
    const auto found = points.find(point_of(metric));
    if (found == points.end()) {
      refuse_other_spelling_of(work, run_id, metric);
    } else if (found->second ==
               StoredValue(stored_value(metric), metric.dataset_name, metric.dataset_digest)) {
      continue;
    }
    throw Error(ErrorCode::BadRequest, "The metric '" + metric.key + "' of the logged model '" +
                                           *metric.model_id + "' has another value at step " +
                                           std::to_string(metric.step) + " and timestamp " +
                                           std::to_string(metric.timestamp) + ".");
  }
}

void write_model_metrics(Work& work, const std::string& run_id, std::int64_t experiment_id,
                         std::span<const Metric> metrics) {
  static const RowsStatement insert_metrics(9, [](Dialect dialect, std::size_t rows) {
    return insert_missing(
        dialect, "logged_model_metrics",
        {"model_id", "metric_name", "metric_timestamp_ms", "metric_step", "run_id", "metric_value",
         "experiment_id", "dataset_name", "dataset_digest"},
        rows);
  });
  Values values;
  for (const Metric& metric : metrics) {
    values.insert(values.end(), {*metric.model_id, metric.key, metric.timestamp, metric.step,
                                 run_id, stored_value(metric, work.dialect()), experiment_id,
                                 nullable(metric.dataset_name), nullable(metric.dataset_digest)});
  }
  const long long inserted = insert_metrics.execute(work, std::move(values));
  if (counts_missing(work.dialect()) && inserted == static_cast<long long>(metrics.size())) return;
  require_same(work, run_id, metrics);
}

std::int64_t number_of(const std::string& experiment_id) {
  std::int64_t number = 0;
  std::from_chars(experiment_id.data(), experiment_id.data() + experiment_id.size(), number);
  return number;
}

}  // namespace

void log_model_metrics(Work& work, const std::string& run_id, std::span<const Metric> metrics) {
  const std::int64_t experiment_id =
      number_of(runs::require_active_run(work, run_id).experiment_id);
  std::vector<Metric> of_models;
  std::copy_if(metrics.begin(), metrics.end(), std::back_inserter(of_models),
               [](const Metric& metric) { return metric.model_id.has_value(); });
  for (std::span<const Metric> rest(of_models); !rest.empty();) {
    const auto chunk = rest.first(std::min(kPointsAtOnce, rest.size()));
    write_model_metrics(work, run_id, experiment_id, chunk);
    rest = rest.subspan(chunk.size());
  }
}

}  // namespace millrace::tracking
