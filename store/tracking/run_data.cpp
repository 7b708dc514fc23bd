#include "store/tracking/run_data.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "store/common/error.h"
#include "store/db/dialect.h"
#include "store/db/key_spelling.h"
#include "store/db/rows_statement.h"
#include "store/text/python_text.h"
#include "store/tracking/metric_values.h"
#include "store/tracking/run_rows.h"

namespace millrace::tracking {
namespace {

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
  write_keys(
      work, [&] { upsert_latest.execute(work, std::move(values)); },
      [&] {
        return WrittenKeys{
            "latest_metrics", "key", "run_uuid = :run_id", {run_id}, keys_of(metrics)};
      });
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

// Of a param that the database did not take, since it has one that it finds equal.
void refuse_other_spelling(Work& work, const std::string& run_id, const std::string& key) {
  const auto stored = work.first<std::string>(
      "SELECT params.key FROM params WHERE params.key = :key AND run_uuid = :run_id",
      {key, run_id});
  if (stored && std::get<0>(*stored) != key) throw_same_key(std::get<0>(*stored), key);
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
    if (old == stored.end()) refuse_other_spelling(work, run_id, param.key);
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
  runs::write_spelled_tags(work, run_id, others);
}

}  // namespace

void log_metric(Work& work, const std::string& run_id, const Metric& metric) {
  runs::require_active_run(work, run_id);
  write_metrics(work, run_id, {&metric, 1});
}

void log_param(Work& work, const std::string& run_id, const Tag& param) {
  runs::require_active_run(work, run_id);
  const auto stored = [&] {
    auto row = work.first<std::string, std::string>(
        "SELECT value, params.key FROM params WHERE params.key = :key AND run_uuid = :run_id",
        {param.key, run_id});
    if (row && std::get<1>(*row) != param.key) throw_same_key(std::get<1>(*row), param.key);
    return row;
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

void require_distinct_tags(Work& work, const std::string& run_id, const std::vector<Tag>& tags) {
  if (work.dialect() != Dialect::Mysql || tags.empty()) return;
  explain_refused_keys(work, runs::written_tags(run_id, tags));
}

}  // namespace millrace::tracking
