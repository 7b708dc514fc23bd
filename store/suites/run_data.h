// A run with helpers to look at what it has logged.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>
#include <vector>

#include "store/suites/tracking.h"
#include "store/text/python_text.h"
#include "store/tracking/run_rows.h"

namespace millrace {

class RunDataSuite : public TrackingSuite {
 protected:
  std::string add_run(const std::string& id, const std::string& stage = "active") {
    db().write([&](Work& work) {
      work.execute(
          "INSERT INTO runs (run_uuid, name, experiment_id, status, lifecycle_stage, start_time)"
          " VALUES (:id, 'run', 0, 'RUNNING', :stage, 0)",
          {id, stage});
    });
    return id;
  }

  void add_model(const std::string& id) {
    db().write([&](Work& work) {
      work.execute(
          "INSERT INTO logged_models (model_id, experiment_id, name, artifact_location,"
          " creation_timestamp_ms, last_updated_timestamp_ms, status, lifecycle_stage)"
          " VALUES (:id, 0, 'model', 'mlflow-artifacts:/0', 0, 0, 1, 'active')",
          {id});
    });
  }

  std::int64_t count(const std::string& from) {
    return std::get<0>(*db().read(
        [&](Work& work) { return work.first<std::int64_t>("SELECT COUNT(*) FROM " + from); }));
  }

  // key=value@timestamp/step
  static std::string text_of(const Metric& metric) {
    std::string value = python::float_repr(metric.value);
    if (value.ends_with(".0")) value.resize(value.size() - 2);
    return metric.key + "=" + value + "@" + std::to_string(metric.timestamp) + "/" +
           std::to_string(metric.step);
  }

  // The latest metrics of the run.
  std::string latest() {
    const millrace::Run run = db().read([&](Work& work) { return runs::load_run(work, run_); });
    std::string text;
    for (const Metric& metric : run.metrics) text += (text.empty() ? "" : " ") + text_of(metric);
    return text;
  }

  // Items given in the order of their insertion, as answers have them.
  std::string in_order(std::vector<std::string> items) {
    if (db().dialect() != Dialect::Sqlite) std::sort(items.begin(), items.end());
    std::string text;
    for (const std::string& item : items) text += (text.empty() ? "" : " ") + item;
    return text;
  }

  const std::string run_ = add_run("0123456789abcdef0123456789abcdef");
};

}  // namespace millrace
