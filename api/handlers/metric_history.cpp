// Handlers of the metrics' histories. They answer as rows come: a history may be of any length.
#include <array>
#include <cmath>
#include <limits>

#include "api/entities/run_json.h"
#include "api/handlers/tracking.h"
#include "api/http/spill.h"
#include "api/json/writer.h"
#include "api/rest/app.h"
#include "api/rest/list_reply.h"
#include "api/rest/page_token.h"
#include "api/rest/reply.h"
#include "api/rest/request.h"
#include "store/common/error.h"
#include "store/text/python_text.h"
#include "store/tracking/run_data.h"

namespace millrace::handlers {
namespace {

constexpr std::size_t kMostRuns = 100;
constexpr std::int64_t kMostBulkResults = 25'000;
constexpr std::int64_t kMostSamples = 2500;

// MLflow shows a page for a crash where Python's int() refuses a text.
python::Int parse_integer(const std::string& name, const std::string& text) {
  const auto number = python::parse_int(text);
  if (!number) {
    throw_invalid_parameter("Parameter '" + name + "' must be an integer, got '" + text + "'.");
  }
  return *number;
}

std::optional<python::Int> integer_argument(const QueryArguments& arguments,
                                            const std::string& name) {
  for (const auto& [argument, value] : arguments) {
    if (argument == name) return parse_integer(name, value);
  }
  return std::nullopt;
}

// A number beyond 64 bits becomes the bound on its side.
std::int64_t clamped(const python::Int& number) {
  using Limits = std::numeric_limits<std::int64_t>;
  if (number.fits) return number.value;
  return number.digits.starts_with('-') ? Limits::min() : Limits::max();
}

void check_run_count(const Json& run_ids) {
  if (run_ids.size() <= kMostRuns) return;
  throw_invalid_parameter(
      "GetMetricHistoryBulkInterval request must specify at most 100 run_ids. Received " +
      std::to_string(run_ids.size()) +
      " run_ids. See the API docs for more information about request parameters.");
}

void check_sample_count(const Json& value) {
  double number = 0;
  if (value.is_string()) {
    number = static_cast<double>(clamped(parse_integer("max_results", value.get<std::string>())));
  } else if (value.is_boolean()) {
    number = value.get<bool>() ? 1 : 0;
  } else if (const auto real = to_double(value)) {
    number = std::trunc(*real);
  } else {
    throw_invalid_parameter("Parameter 'max_results' must be an integer.");
  }
  if (number >= 1 && number <= static_cast<double>(kMostSamples)) return;
  throw_invalid_parameter(
      "max_results must be between 1 and 2500. See the API docs for more information about "
      "request parameters.");
}

std::optional<tracking::Steps> steps_of(const QueryArguments& arguments) {
  const auto start = integer_argument(arguments, "start_step");
  const auto end = integer_argument(arguments, "end_step");
  if (start.has_value() != end.has_value()) {
    throw_invalid_parameter(
        "If either start step or end step are specified, both must be specified.");
  }
  if (!start) return std::nullopt;
  if (!start->fits || !end->fits) {
    throw_invalid_parameter("Parameters 'start_step' and 'end_step' must be 64-bit integers.");
  }
  if (start->value > end->value) {
    throw_invalid_parameter("end_step must be greater than start_step. Found start_step=" +
                            start->digits + " and end_step=" + end->digits + ".");
  }
  return tracking::Steps{start->value, end->value};
}

// As the framework's own JSON writer has it: compact, keys sorted, NaN as it is.
void write_compact(JsonWriter& writer, const Metric& metric) {
  writer.begin_object();
  writer.key("key").string(metric.key);
  writer.key("run_id").string(metric.run_id.value_or(""));
  writer.key("step").integer(metric.step);
  writer.key("timestamp").integer(metric.timestamp);
  writer.key("value").number(metric.value);
  writer.end_object();
}

}  // namespace

HttpResponse get_metric_history(App& app, const Request& request) {
  static constexpr std::array kParams{
      Param{"run_id", Kind::String, true}, kRunUuid, Param{"metric_key", Kind::String, true},
      Param{"page_token"}, Param{.name = "max_results", .kind = Kind::Int32, .checked = false}};
  const Message message = request.decode(kParams);
  std::optional<std::int64_t> max_results;
  if (message.has("max_results")) max_results = message.integer("max_results", 0);
  if (max_results && *max_results <= 0) {
    throw_invalid_parameter("Invalid value " + std::to_string(*max_results) +
                            " for parameter 'max_results' supplied. It must be a positive "
                            "integer.");
  }
  const std::int64_t offset = decode_page_token(message.text("page_token"));
  ListReply reply("metrics");
  const bool more =
      app.tracking.read(request.order(Load::Large), tracking::get_metric_history,
                        run_id_of(message), message.text("metric_key"), max_results, offset,
                        [&reply](const Metric& metric) { reply.add(metric); });
  return reply.finish(page_token_if(more, offset, max_results.value_or(0)));
}

HttpResponse get_metric_history_bulk(App& app, const Request& request) {
  const QueryArguments arguments = parse_query(request.target.raw_query);
  std::vector<std::string> run_ids;
  std::optional<std::string> key;
  for (const auto& [name, value] : arguments) {
    if (name == "run_id") run_ids.push_back(value);
    if (name == "metric_key" && !key) key = value;
  }
  if (run_ids.empty()) {
    throw_invalid_parameter("GetMetricHistoryBulk request must specify at least one run_id.");
  }
  if (run_ids.size() > kMostRuns) {
    throw_invalid_parameter(
        "GetMetricHistoryBulk request cannot specify more than 100 run_ids. Received " +
        std::to_string(run_ids.size()) + " run_ids.");
  }
  if (!key) throw_invalid_parameter("GetMetricHistoryBulk request must specify a metric_key.");
  const auto wanted = integer_argument(arguments, "max_results");
  const std::int64_t max_results = wanted ? clamped(*wanted) : kMostBulkResults;
  Spill spill;
  JsonWriter writer(spill.text(), Layout::Compact);
  writer.begin_object().key("metrics").begin_array();
  app.tracking.read(request.order(Load::Large), tracking::get_metric_history_bulk, run_ids, *key,
                    std::min(max_results, kMostBulkResults), [&](const Metric& metric) {
                      write_compact(writer, metric);
                      spill.roll();
                    });
  writer.end_array().end_object();
  spill.text() += '\n';
  return spill.reply("application/json");
}

HttpResponse get_metric_history_bulk_interval(App& app, const Request& request) {
  static constexpr std::array kParams{
      Param{.name = "run_ids",
            .kind = Kind::Strings,
            .required = true,
            .required_first = true,
            .further_check = check_run_count},
      required("metric_key"), Param{"start_step", Kind::Int32}, Param{"end_step", Kind::Int32},
      Param{.name = "max_results", .kind = Kind::Int32, .further_check = check_sample_count}};
  const Message message = request.decode(kParams);
  // MLflow takes these from the query alone, whatever a body says.
  const QueryArguments arguments = parse_query(request.target.raw_query);
  const auto wanted = integer_argument(arguments, "max_results");
  const std::int64_t max_results = wanted ? wanted->value : kMostSamples;
  const auto steps = steps_of(arguments);
  ListReply reply("metrics");
  app.tracking.read(request.order(Load::Large), tracking::get_metric_history_bulk_interval,
                    message.texts("run_ids"), message.text("metric_key"), max_results, steps,
                    [&reply](const Metric& metric) { reply.add(metric); });
  return reply.finish();
}

}  // namespace millrace::handlers
