// What runs log over time: metrics, params and batches of them, and the metrics' histories. One
// function per operation of MLflow's tracking SqlAlchemyStore.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "store/db/work.h"
#include "store/records/tracking.h"

namespace millrace::tracking {

struct RunBatch {
  std::vector<Metric> metrics = {};
  std::vector<Tag> params = {};  // of different keys
  std::vector<Tag> tags = {};
};

// Values of metrics may be NaN and infinite; an infinity is stored as the double next to it. A
// point that is there already is not logged again. The latest value of a metric is the one of
// greatest step, then timestamp, then value (a NaN counts as 0), whatever came last.
//
// The functions that log throw RESOURCE_DOES_NOT_EXIST "Run with id=... not found" and
// INVALID_PARAMETER_VALUE "The run ... must be in the 'active' state. ...".

// log_metric, but for the metrics of the logged model that it may be of.
void log_metric(Work& work, const std::string& run_id, const Metric& metric);

// log_param. Throws INVALID_PARAMETER_VALUE "Changing param values is not allowed. ...".
void log_param(Work& work, const std::string& run_id, const Tag& param);

// log_batch: params, then metrics, then tags. In MLflow the metrics of logged models come before
// the tags, and when one of these groups fails, the groups before it stay: a batch that has such
// metrics is made of several units of work.
void log_batch(Work& work, const std::string& run_id, const RunBatch& batch);

// Throws what log_batch would for tags that the database finds equal, where they come later.
void require_distinct_tags(Work& work, const std::string& run_id, const std::vector<Tag>& tags);

// Those of the metrics that are of logged models, into the metrics of these. Throws BAD_REQUEST
// when there is no such model, or when it has another value or dataset at this step and timestamp.
void log_model_metrics(Work& work, const std::string& run_id, std::span<const Metric> metrics);

// get_metric_history: the points from `offset` on by timestamp, step and value, `max_results` of
// them or all. Returns whether there are more. Of an unknown run there are none. `row` must not
// use the database.
bool get_metric_history(Work& work, const std::string& run_id, const std::string& key,
                        std::optional<std::int64_t> max_results, std::int64_t offset,
                        const std::function<void(const Metric&)>& row);

// get_metric_history_bulk: the same of several runs, run by run in the order of their ids. The
// first `limit` points, or all but the last -limit when it is negative. They tell their runs.
void get_metric_history_bulk(Work& work, const std::vector<std::string>& run_ids,
                             const std::string& key, std::int64_t limit,
                             const std::function<void(const Metric&)>& row);

using Steps = std::pair<std::int64_t, std::int64_t>;  // first and last

// get_metric_history_bulk_interval: of each run in turn at most `max_results` (1 or more) points
// by step, timestamp and value. Of more points than that, the first ones of that many equal
// parts, but the last part gives its last.
void get_metric_history_bulk_interval(Work& work, const std::vector<std::string>& run_ids,
                                      const std::string& key, std::int64_t max_results,
                                      const std::optional<Steps>& steps,
                                      const std::function<void(const Metric&)>& row);

}  // namespace millrace::tracking
