// The histories of metrics, row by row.
#include <algorithm>
#include <limits>

#include "store/db/dialect.h"
#include "store/db/padded_list.h"
#include "store/search/query.h"
#include "store/tracking/run_data.h"

namespace millrace::tracking {
namespace {

constexpr std::int64_t kAll = std::numeric_limits<std::int64_t>::max();

double value_of(double stored, std::int64_t is_nan) {
  return is_nan != 0 ? std::numeric_limits<double>::quiet_NaN() : stored;
}

// The points of one metric of one run.
struct Series {
  const std::string& run_id;
  const std::string& key;
  std::int64_t first_step;
  std::int64_t last_step;
};

std::int64_t count(Work& work, const Series& series) {
  return std::get<0>(*work.first<std::int64_t>(
      "SELECT COUNT(*) FROM metrics WHERE run_uuid = :run_id AND metrics.key = :key"
      " AND step >= :first_step AND step <= :last_step",
      {series.run_id, series.key, series.first_step, series.last_step}));
}

// Cuts `total` points into `parts` as NTILE does, the first parts one point longer where it does
// not come out even, and gives the first point of each part but the last, then the last of all.
void sample(Work& work, const Series& series, std::int64_t total, std::int64_t parts,
            const std::function<void(const Metric&)>& row) {
  const std::int64_t shorter = total / parts;
  const std::int64_t longer_end = total % parts * (shorter + 1);  // where the longer parts end
  Metric metric{.key = series.key, .run_id = series.run_id};
  work.each<double, std::int64_t, std::int64_t, std::int64_t>(
      "SELECT value, timestamp, step, is_nan FROM ("
      "SELECT value, timestamp, step, is_nan,"
      " ROW_NUMBER() OVER (ORDER BY step, timestamp, value, is_nan) - 1 AS place"
      " FROM metrics WHERE run_uuid = :run_id AND metrics.key = :key"
      " AND step >= :first_step AND step <= :last_step) AS numbered"
      " WHERE place = :last OR (place < :last_part AND ("
      "(place < :longer_end AND place % :longer = 0)"
      " OR (place >= :longer_end_2 AND (place - :longer_end_3) % :shorter = 0)))"
      " ORDER BY place",
      {series.run_id, series.key, series.first_step, series.last_step, total - 1, total - shorter,
       longer_end, shorter + 1, longer_end, longer_end, shorter},
      [&](double value, std::int64_t timestamp, std::int64_t step, std::int64_t is_nan) {
        metric.value = value_of(value, is_nan);
        metric.timestamp = timestamp;
        metric.step = step;
        work.deliver(row, metric);
      });
}

}  // namespace

bool get_metric_history(Work& work, const std::string& run_id, const std::string& key,
                        std::optional<std::int64_t> max_results, std::int64_t offset,
                        const std::function<void(const Metric&)>& row) {
  const std::int64_t page = max_results.value_or(kAll);
  search::check_page({0, offset}, work.dialect());
  bool more = false;
  std::int64_t given = 0;
  Metric metric{.key = key};
  work.each<double, std::int64_t, std::int64_t, std::int64_t>(
      "SELECT value, timestamp, step, is_nan FROM metrics"
      " WHERE run_uuid = :run_id AND metrics.key = :key"
      " ORDER BY timestamp, step, value LIMIT :page OFFSET :offset",
      {run_id, key, page == kAll ? kAll : page + 1, std::max<std::int64_t>(offset, 0)},
      [&](double value, std::int64_t timestamp, std::int64_t step, std::int64_t is_nan) {
        more = given == page;
        if (more) return;
        ++given;
        metric.value = value_of(value, is_nan);
        metric.timestamp = timestamp;
        metric.step = step;
        work.deliver(row, metric);
      });
  return more;
}

void get_metric_history_bulk(Work& work, const std::vector<std::string>& run_ids,
                             const std::string& key, std::int64_t limit,
                             const std::function<void(const Metric&)>& row) {
  if (run_ids.empty()) return;
  search::check_page({limit, 0}, work.dialect());
  const PaddedList list = padded_list(run_ids.size(), [&](std::size_t i) { return run_ids[i]; });
  const std::string from = " FROM metrics WHERE metrics.key = :key AND run_uuid" + list.sql;
  Values values{key};
  values.insert(values.end(), list.values.begin(), list.values.end());
  std::int64_t wanted = limit;
  if (limit < 0) {
    const auto total = work.first<std::int64_t>("SELECT COUNT(*)" + from, values);
    wanted = std::max<std::int64_t>(std::get<0>(*total) + limit, 0);
  }
  values.emplace_back(wanted);
  Metric metric{.key = key};
  work.each<std::string, double, std::int64_t, std::int64_t, std::int64_t>(
      "SELECT run_uuid, value, timestamp, step, is_nan" + from +
          " ORDER BY run_uuid, timestamp, step, value LIMIT :limit",
      values,
      [&](std::string run_id, double value, std::int64_t timestamp, std::int64_t step,
          std::int64_t is_nan) {
        metric.run_id = std::move(run_id);
        metric.value = value_of(value, is_nan);
        metric.timestamp = timestamp;
        metric.step = step;
        work.deliver(row, metric);
      });
}

void get_metric_history_bulk_interval(Work& work, const std::vector<std::string>& run_ids,
                                      const std::string& key, std::int64_t max_results,
                                      const std::optional<Steps>& steps,
                                      const std::function<void(const Metric&)>& row) {
  const Steps wanted = steps.value_or(Steps{std::numeric_limits<std::int64_t>::min(), kAll});
  for (const std::string& run_id : run_ids) {
    const Series series{run_id, key, wanted.first, wanted.second};
    const std::int64_t total = count(work, series);
    if (total > 0) sample(work, series, total, std::min(total, max_results), row);
  }
}

}  // namespace millrace::tracking
