// What runs log over time: metrics, params and batches of them, and the metrics' histories. One
// method per operation of MLflow's tracking SqlAlchemyStore.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "store/db/database.h"
#include "store/db/rows_statement.h"
#include "store/records/tracking.h"

namespace millrace {

struct RunBatch {
  std::vector<Metric> metrics = {};
  std::vector<Tag> params = {};  // of different keys
  std::vector<Tag> tags = {};
};

// Values of metrics may be NaN and infinite; an infinity is stored as the double next to it. A
// point that is there already is not logged again. The latest value of a metric is the one of
// greatest step, then timestamp, then value (a NaN counts as 0), whatever came last.
//
// The methods that log throw RESOURCE_DOES_NOT_EXIST "Run with id=... not found" and
// INVALID_PARAMETER_VALUE "The run ... must be in the 'active' state. ...".
class RunData {
 public:
  explicit RunData(Db& db);

  Db& db() { return db_; }

  // Throws as the methods that log.
  void require_active(const std::string& run_id);

  // log_metric. A metric of a logged model goes into that model's metrics too, first and in a
  // transaction of its own; throws BAD_REQUEST when there is no such model, or when it has another
  // value or dataset at this step and timestamp.
  void log_metric(const std::string& run_id, const Metric& metric);

  // log_param. Throws INVALID_PARAMETER_VALUE "Changing param values is not allowed. ...".
  void log_param(const std::string& run_id, const Tag& param);

  // log_batch: params, then metrics, then the logged models' metrics, then tags. When one of these
  // groups fails, the groups before it stay.
  void log_batch(const std::string& run_id, const RunBatch& batch);

  // get_metric_history: the points from `offset` on by timestamp, step and value, `max_results` of
  // them or all. Returns whether there are more. Of an unknown run there are none. `row` must not
  // use the database.
  bool metric_history(const std::string& run_id, const std::string& key,
                      std::optional<std::int64_t> max_results, std::int64_t offset,
                      const std::function<void(const Metric&)>& row);

  // get_metric_history_bulk: the same of several runs, run by run in the order of their ids. The
  // first `limit` points, or all but the last -limit when it is negative. They tell their runs.
  void metric_histories(const std::vector<std::string>& run_ids, const std::string& key,
                        std::int64_t limit, const std::function<void(const Metric&)>& row);

  using Steps = std::pair<std::int64_t, std::int64_t>;  // first and last

  // get_metric_history_bulk_interval: of each run in turn at most `max_results` (1 or more) points
  // by step, timestamp and value. Of more points than that, the first ones of that many equal
  // parts, but the last part gives its last.
  void sampled_histories(const std::vector<std::string>& run_ids, const std::string& key,
                         std::int64_t max_results, const std::optional<Steps>& steps,
                         const std::function<void(const Metric&)>& row);

 private:
  void write_metrics(Session& session, const std::string& run_id, std::span<const Metric> metrics);
  void write_latest(Session& session, const std::string& run_id, std::span<const Metric> metrics);
  void write_params(Session& session, const std::string& run_id, const std::vector<Tag>& params);
  void write_tags(Session& session, const std::string& run_id, const std::vector<Tag>& tags);
  void log_model_metrics(const std::string& run_id, std::span<const Metric> metrics);
  void write_model_metric(Session& session, const std::string& run_id, std::int64_t experiment_id,
                          const Metric& metric);

  Db& db_;
  const RowsStatement insert_metrics_;
  const RowsStatement upsert_latest_;
  const RowsStatement insert_params_;
  const std::string insert_model_metric_;
};

}  // namespace millrace
