#include "store/tracking/run_data.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "store/common/error.h"
#include "store/db/dialect.h"
#include "store/db/rows_statement.h"
#include "store/text/python_text.h"
#include "store/tracking/run_rows.h"

namespace millrace::tracking {
namespace {

// sanitize_metric_value: what no database keeps becomes a number.
double stored_value(const Metric& metric) {
  if (std::isnan(metric.value)) return 0;
  constexpr double kMost = std::numeric_limits<double>::max();
  return std::clamp(metric.value, -kMost, kMost);
}

// MLflow's driver writes digits, which PostgreSQL reads as a decimal number: it has no negative
// zero.
double stored_value(const Metric& metric, Dialect dialect) {
  const double value = stored_value(metric);
  return dialect == Dialect::Postgresql ? value + 0.0 : value;
}

std::int64_t is_nan(const Metric& metric) { return std::isnan(metric.value) ? 1 : 0; }

bool is_later(const Metric& a, const Metric& b) {
  if (a.step != b.step) return a.step > b.step;
  if (a.timestamp != b.timestamp) return a.timestamp > b.timestamp;
  return stored_value(a) > stored_value(b);
}

// The latest point of each key, by the first appearance of the keys.
std::vector<const Metric*> latest_of_each(std::span<const Metric> metrics) {
  std::vector<const Metric*> latest;
  std::unordered_map<std::string_view, std::size_t> places;
  for (const Metric& metric : metrics) {
    const auto [place, is_new] = places.try_emplace(metric.key, latest.size());
    if (is_new) {
      latest.push_back(&metric);
    } else if (is_later(metric, *latest[place->second])) {
      latest[place->second] = &metric;
    }
  }
  return latest;
}

[[noreturn]] void throw_param_changed(const std::string& run_id, const Tag& param,
                                      const std::string& old_value) {
  throw_invalid_parameter("Changing param values is not allowed. Param with key='" + param.key +
                          "' was already logged with value='" + old_value + "' for run ID='" +
                          run_id + "'. Attempted logging new value '" + param.value + "'.");
}

// One item of the list in the message of a batch, as Python prints a dict.
std::string changed_param_text(const Tag& param, const std::string& old_value) {
  return "{'key': " + python::repr(param.key) + ", 'old_value': " + python::repr(old_value) +
         ", 'new_value': " + python::repr(param.value) + "}";
}

Value value_of(const std::optional<std::string>& text) { return text ? Value(*text) : Value(); }

std::int64_t number_of(const std::string& experiment_id) {
  std::int64_t number = 0;
  std::from_chars(experiment_id.data(), experiment_id.data() + experiment_id.size(), number);
  return number;
}

void write_latest(Work& work, const std::string& run_id, std::span<const Metric> metrics) {
  static const RowsStatement upsert_latest(6, [](Dialect dialect, std::size_t rows) {
    return upsert_greater(dialect, "latest_metrics", {"key", "run_uuid"},
                          {"step", "timestamp", "value"}, {"is_nan"}, rows);
  });
  std::vector<const Metric*> latest = latest_of_each(metrics);
  if (work.dialect() != Dialect::Sqlite) {
    // Writers that lock the rows in one order do not wait for each other in a ring. SQLite has one
    // writer, and answers show the rows in the order of their insertion.
    std::sort(latest.begin(), latest.end(),
              [](const Metric* a, const Metric* b) { return a->key < b->key; });
  }
  Values values;
  values.reserve(latest.size() * 6);
  for (const Metric* metric : latest) {
    values.insert(values.end(), {metric->key, run_id, metric->step, metric->timestamp,
                                 stored_value(*metric, work.dialect()), is_nan(*metric)});
  }
  upsert_latest.execute(work, std::move(values));
}

void write_metrics(Work& work, const std::string& run_id, std::span<const Metric> metrics) {
  static const RowsStatement insert_metrics(6, [](Dialect dialect, std::size_t rows) {
    return insert_missing(dialect, "metrics",
                          {"key", "value", "timestamp", "run_uuid", "step", "is_nan"}, rows);
  });
  Values values;
  values.reserve(metrics.size() * 6);
  for (const Metric& metric : metrics) {
    values.insert(values.end(), {metric.key, stored_value(metric, work.dialect()), metric.timestamp,
                                 run_id, metric.step, is_nan(metric)});
  }
  insert_metrics.execute(work, std::move(values));
  write_latest(work, run_id, metrics);
}

long long insert_missing_params(Work& work, Values values) {
  static const RowsStatement statement(3, [](Dialect dialect, std::size_t rows) {
    return insert_missing(dialect, "params", {"key", "value", "run_uuid"}, rows);
  });
  return statement.execute(work, std::move(values));
}

void write_params(Work& work, const std::string& run_id, const std::vector<Tag>& params) {
  Values values;
  values.reserve(params.size() * 3);
  for (const Tag& param : params) {
    values.insert(values.end(), {param.key, param.value, run_id});
  }
  const long long inserted = insert_missing_params(work, std::move(values));
  if (counts_missing(work.dialect()) && inserted == static_cast<long long>(params.size())) return;
  std::unordered_map<std::string, std::string> stored;
  work.each<std::string, std::string>(
      "SELECT params.key, value FROM params WHERE run_uuid = :run_id", {run_id},
      [&stored](std::string key, std::string value) {
        stored.emplace(std::move(key), std::move(value));
      });
  std::string changed;
  for (const Tag& param : params) {
    const auto old = stored.find(param.key);
    if (old == stored.end() || old->second == param.value) continue;
    changed += (changed.empty() ? "" : ", ") + changed_param_text(param, old->second);
  }
  if (changed.empty()) return;
  throw_invalid_parameter("Changing param values is not allowed. Params were already logged='[" +
                          changed + "]' for run ID='" + run_id + "'.");
}

// _set_tags: the name of the run first, as MLflow sets it by an operation of its own.
void write_tags(Work& work, const std::string& run_id, const std::vector<Tag>& tags) {
  for (const Tag& tag : tags) {
    if (tag.key == runs::kNameTag) runs::write_name(work, run_id, tag.value);
  }
  std::vector<Tag> others = distinct(tags);
  std::erase_if(others, [](const Tag& tag) { return tag.key == runs::kNameTag; });
  runs::write_tags(work, run_id, others);
}

// A model's metric has one value at a step and timestamp of a run: logging it again is swallowed,
// another value refused.
void write_model_metric(Work& work, const std::string& run_id, std::int64_t experiment_id,
                        const Metric& metric) {
  static const RowsStatement insert_metric(9, [](Dialect dialect, std::size_t rows) {
    return insert_missing(
        dialect, "logged_model_metrics",
        {"model_id", "metric_name", "metric_timestamp_ms", "metric_step", "run_id", "metric_value",
         "experiment_id", "dataset_name", "dataset_digest"},
        rows);
  });
  const long long inserted =
      insert_metric.execute(work, {*metric.model_id, metric.key, metric.timestamp, metric.step,
                                   run_id, stored_value(metric, work.dialect()), experiment_id,
                                   value_of(metric.dataset_name), value_of(metric.dataset_digest)});
  if (counts_missing(work.dialect()) && inserted > 0) return;
  using Text = std::optional<std::string>;
  const auto stored = work.first<std::optional<double>, Text, Text>(
      "SELECT metric_value, dataset_name, dataset_digest FROM logged_model_metrics"
      " WHERE model_id = :model_id AND metric_name = :key AND metric_timestamp_ms = :timestamp"
      " AND metric_step = :step AND run_id = :run_id",
      {*metric.model_id, metric.key, metric.timestamp, metric.step, run_id});
  if (stored && *stored == std::tuple(std::optional(stored_value(metric)), metric.dataset_name,
                                      metric.dataset_digest)) {
    return;
  }
  throw Error(ErrorCode::BadRequest, "The metric '" + metric.key + "' of the logged model '" +
                                         *metric.model_id + "' has another value at step " +
                                         std::to_string(metric.step) + " and timestamp " +
                                         std::to_string(metric.timestamp) + ".");
}

}  // namespace

void log_metric(Work& work, const std::string& run_id, const Metric& metric) {
  runs::require_active_run(work, run_id);
  write_metrics(work, run_id, {&metric, 1});
}

void log_param(Work& work, const std::string& run_id, const Tag& param) {
  runs::require_active_run(work, run_id);
  const auto stored = [&] {
    return work.first<std::string>(
        "SELECT value FROM params WHERE params.key = :key AND run_uuid = :run_id",
        {param.key, run_id});
  };
  auto old = stored();
  if (!old) {
    const long long inserted = insert_missing_params(work, {param.key, param.value, run_id});
    if (counts_missing(work.dialect()) && inserted > 0) return;
    old = stored();  // somebody else was first
  }
  if (old && std::get<0>(*old) != param.value) {
    throw_param_changed(run_id, param, std::get<0>(*old));
  }
}

void log_batch(Work& work, const std::string& run_id, const RunBatch& batch) {
  runs::require_active_run(work, run_id);
  write_params(work, run_id, batch.params);
  write_metrics(work, run_id, batch.metrics);
  write_tags(work, run_id, batch.tags);
}

void log_model_metrics(Work& work, const std::string& run_id, std::span<const Metric> metrics) {
  const std::int64_t experiment_id =
      number_of(runs::require_active_run(work, run_id).experiment_id);
  for (const Metric& metric : metrics) {
    if (metric.model_id) write_model_metric(work, run_id, experiment_id, metric);
  }
}

}  // namespace millrace::tracking
