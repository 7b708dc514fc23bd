// Handlers that log metrics and params of runs, one by one and in batches.
#include "api/rules/run_data.h"

#include <algorithm>
#include <array>
#include <utility>

#include "api/handlers/registry.h"
#include "api/handlers/tracking.h"
#include "api/rest/app.h"
#include "api/rest/reply.h"
#include "api/rest/request.h"
#include "api/rules/validate.h"
#include "store/common/error.h"
#include "store/tracking/run_data.h"
#include "store/tracking/run_rows.h"

namespace millrace::handlers {
namespace {

// None where protobuf's "" stands for it.
std::optional<std::string> unless_empty(const Message& message, std::string_view name) {
  const std::string& text = message.text(name);
  return text.empty() ? std::nullopt : std::optional(text);
}

Metric metric_of(const Message& message) {
  Metric metric{.key = message.text("key"),
                .value = message.real("value"),
                .timestamp = message.integer("timestamp", 0),
                .step = message.integer("step", 0),
                .dataset_name = unless_empty(message, "dataset_name"),
                .dataset_digest = unless_empty(message, "dataset_digest"),
                .model_id = unless_empty(message, "model_id")};
  if (metric.dataset_name.has_value() != metric.dataset_digest.has_value()) {
    throw_invalid_parameter(
        "Both dataset_name and dataset_digest must be provided if one is provided");
  }
  return metric;
}

void check_limit(std::string_view what, std::size_t limit, std::size_t count) {
  if (count <= limit) return;
  const std::string entities(what);
  throw_invalid_parameter("A batch logging request can contain at most " + std::to_string(limit) +
                          " " + entities + ". Got " + std::to_string(count) + " " + entities +
                          ". Please split up " + entities +
                          " across multiple requests and try again.");
}

// _validate_batch_log_data, then _validate_batch_log_limits and _validate_param_keys_unique.
void accept(tracking::RunBatch& batch, bool truncate) {
  for (std::size_t i = 0; i < batch.metrics.size(); ++i) {
    validate_metric({"metrics", i}, batch.metrics[i]);
  }
  for (std::size_t i = 0; i < batch.params.size(); ++i) {
    accept_param({"params", i}, batch.params[i], truncate);
  }
  for (std::size_t i = 0; i < batch.tags.size(); ++i) {
    accept_run_tag({"tags", i}, batch.tags[i], truncate);
  }
  check_limit("metrics", 1000, batch.metrics.size());
  check_limit("params", 100, batch.params.size());
  check_limit("tags", 100, batch.tags.size());
  check_limit("metrics, params, and tags", 1000,
              batch.metrics.size() + batch.params.size() + batch.tags.size());
  require_different_keys(batch.params);
}

// In one unit of work as long as no group can fail alone.
void store(App& app, const Request& request, const std::string& run_id, tracking::RunBatch batch) {
  const bool for_models = std::any_of(batch.metrics.begin(), batch.metrics.end(),
                                      [](const Metric& metric) { return metric.model_id; });
  const WorkOrder order =
      request.order(load_of(batch.metrics.size() + batch.params.size() + batch.tags.size()));
  tracking::RunBatch last;
  if (for_models) last.tags = std::exchange(batch.tags, {});
  app.tracking.write(order, [&](Work& work) {
    tracking::log_batch(work, run_id, batch);
    tracking::require_distinct_tags(work, run_id, last.tags);
  });
  if (!for_models) return;
  app.tracking.write(order, tracking::log_model_metrics, run_id, batch.metrics);
  app.tracking.write(order, tracking::log_batch, run_id, last);
}

}  // namespace

HttpResponse log_metric(App& app, const Request& request) {
  static constexpr std::array kParams{required("run_id"),
                                      required("key"),
                                      required("value", Kind::Double),
                                      Param{"timestamp", Kind::Int64, true},
                                      Param{"step", Kind::Int64},
                                      Param{"model_id"},
                                      Param{"dataset_name"},
                                      Param{"dataset_digest"},
                                      kRunUuid};
  const Message message = request.decode(kParams);
  const Metric metric = metric_of(message);
  const std::string& run_id = run_id_of(message);
  // Only then MLflow looks for the run before it looks at the metric.
  if (metric.model_id) app.tracking.read(request.order(), runs::require_active_run, run_id);
  validate_metric({}, metric);
  app.tracking.write(request.order(), [&](Work& work) {
    if (metric.model_id) tracking::log_model_metrics(work, run_id, {&metric, 1});
    tracking::log_metric(work, run_id, metric);
  });
  return json_reply("{}");
}

HttpResponse log_param(App& app, const Request& request) {
  static constexpr std::array kParams{required("run_id"), required("key"), Param{"value"},
                                      kRunUuid};
  const Message message = request.decode(kParams);
  Tag param{message.text("key"), message.text("value")};
  accept_param({}, param, app.config.truncate_long_values);
  app.tracking.write(request.order(), tracking::log_param, run_id_of(message), param);
  return json_reply("{}");
}

HttpResponse log_batch(App& app, const Request& request) {
  static constexpr std::array kMetricParams{Param{"key", Kind::String, true},
                                            Param{"value", Kind::Double, true},
                                            Param{"timestamp", Kind::Int64, true},
                                            Param{"step", Kind::Int64},
                                            Param{"dataset_name"},
                                            Param{"dataset_digest"},
                                            Param{"model_id"},
                                            Param{"run_id"}};
  static constexpr std::array kKeyValueParams{Param{"key", Kind::String, true}, Param{"value"}};
  static constexpr std::array kParams{Param{"run_id", Kind::String, true},
                                      Param{"metrics", Kind::Messages, false, kMetricParams},
                                      Param{"params", Kind::Messages, false, kKeyValueParams},
                                      Param{"tags", Kind::Messages, false, kKeyValueParams}};
  const Message message = request.decode(kParams);
  tracking::RunBatch batch;
  batch.metrics.reserve(message.messages("metrics").size());
  for (const Message& metric : message.messages("metrics")) {
    batch.metrics.push_back(metric_of(metric));
  }
  for (const Message& param : message.messages("params")) {
    batch.params.push_back({param.text("key"), param.text("value")});
  }
  batch.tags = tags_of(message);
  validate_run_id(message.text("run_id"));
  accept(batch, app.config.truncate_long_values);
  store(app, request, message.text("run_id"), std::move(batch));
  return json_reply("{}");
}

}  // namespace millrace::handlers
