// POST /graphql: the queries of MLflow's web UI, answered by the handlers of the REST API.
#include <algorithm>
#include <functional>
#include <map>

#include "api/graphql/execution.h"
#include "api/http/spill.h"
#include "api/json/reader.h"
#include "api/json/writer.h"
#include "api/rest/app.h"
#include "api/rest/memory.h"
#include "api/rest/request.h"
#include "store/common/error.h"
#include "store/text/percent_decoding.h"

namespace millrace::handlers {

HttpResponse get_experiment(App& app, const Request& request);
HttpResponse get_run(App& app, const Request& request);
HttpResponse search_runs(App& app, const Request& request);
HttpResponse search_model_versions(App& app, const Request& request);
HttpResponse search_datasets(App& app, const Request& request);
HttpResponse get_metric_history_bulk_interval(App& app, const Request& request);
HttpResponse list_artifacts(App& app, const Request& request);

namespace {

// Of the answers of the REST API that one request is made from together, which bounds its memory,
// and of what it is answered.
constexpr std::size_t kMaximumAnswer = std::size_t{24} << 20U;  // bytes
constexpr std::size_t kMaximumValues = 4'000'000;

[[noreturn]] void throw_too_much(const std::string& what) {
  throw_invalid_parameter(what + " more than " + std::to_string(kMaximumAnswer >> 20U) +
                          " MiB; ask for fewer results, or use the REST API.");
}

// Answers the fields of one request that are no plain members.
class Resolving {
 public:
  Resolving(App& app, const Request& asked) : app_(app), asked_(asked) {}

  // Bytes of the answers of the REST API so far.
  std::size_t used() const { return kMaximumAnswer - left_; }

  Json operator()(const std::string& type, const std::string& field, const Json& argument) {
    if (type == "MlflowRunExtension") {
      const Json info = argument.value("info", Json::object());
      return field == "experiment" ? experiment(info.value("experiment_id", ""))
                                   : model_versions(info.value("run_id", ""));
    }
    if (field == "test") return {{"output", argument}};
    if (field == "mlflowGetMetricHistoryBulkInterval") return metric_history(argument);
    static const std::map<std::string, Handler> kHandlers{
        {"mlflowGetExperiment", get_experiment},
        {"mlflowGetRun", get_run},
        {"mlflowListArtifacts", list_artifacts},
        {"mlflowSearchRuns", search_runs},
        {"mlflowSearchModelVersions", search_model_versions},
        {"mlflowSearchDatasets", search_datasets}};
    Json answer = ask(kHandlers.at(field), argument, "");
    run_ids_.clear();
    for (const Json& run : answer.value("runs", Json::array())) {
      run_ids_.push_back(run.value("info", Json::object()).value("run_id", ""));
    }
    return answer;
  }

 private:
  // The answer of the REST API, which has to be held whole. Throws when that is too much.
  std::string whole_body(HttpResponse response) {
    const std::size_t size =
        response.source == nullptr ? response.body.size() : response.source->size();
    if (size > left_) throw_too_much("This GraphQL request is made from");
    left_ -= size;
    if (response.source == nullptr) return std::move(response.body);
    std::string body(size, '\0');
    std::size_t filled = 0;
    while (const std::size_t count =
               response.source->read(body.data() + filled, body.size() - filled)) {
      filled += count;
    }
    return body;
  }

  // Asks a handler of the REST API as a client would, with a body or (when it is null) a query.
  Json ask(Handler handler, const Json& body, std::string_view query) {
    const std::string asked = body.is_null() ? "" : python_json_dumps(body, false, Layout::Compact);
    TextBody text(asked);
    HttpRequest http;
    http.method = body.is_null() ? "GET" : "POST";
    http.headers.emplace_back("content-type", "application/json");
    http.body = &text;
    http.client_has_gone = asked_.http.client_has_gone;
    Request request{.http = http,
                    .target = Target{.path = "", .raw_query = query, .raw_path = ""},
                    .layer = Layer::Classic,
                    .checks_schema = false,
                    .caller = asked_.caller,
                    .deadline = asked_.deadline};
    return parse_json_text(whole_body(handler(app_, request)), kMaximumValues)
        .value_or(Json::object());
  }

  // Bounds and maximum come from the URL of the request, as in MLflow.
  Json metric_history(const Json& input) {
    std::string query(asked_.target.raw_query);
    const auto add = [&](std::string_view name, const Json& value) {
      if (!value.is_string()) return;
      query.append(query.empty() ? "" : "&").append(name).append("=");
      query += quote(value.get_ref<const std::string&>(), "");
    };
    if (input.contains("metric_key")) add("metric_key", input["metric_key"]);
    if (input.contains("run_ids")) {
      for (const Json& run_id : input["run_ids"]) add("run_ids", run_id);
    }
    return ask(get_metric_history_bulk_interval, nullptr, query);
  }

  // The runs of a list mostly lie in one experiment.
  Json experiment(const std::string& id) {
    const auto known = experiments_.find(id);
    if (known != experiments_.end()) return known->second;
    return experiments_[id] =
               ask(get_experiment, {{"experiment_id", id}}, "").value("experiment", Json::object());
  }

  // Those of the runs that follow in the list are read with them: a question for each run would be
  // a statement for each.
  Json model_versions(const std::string& run_id) {
    constexpr std::ptrdiff_t kRuns = 100;
    const auto known = versions_.find(run_id);
    if (known != versions_.end()) return known->second;
    const auto begin = std::find(run_ids_.begin(), run_ids_.end(), run_id);
    const auto end = begin + std::min(kRuns, run_ids_.end() - begin);
    std::string filter;
    for (auto id = begin; id != end; ++id) {
      filter += (filter.empty() ? "run_id IN ('" : "', '") + *id;
    }
    filter = filter.empty() ? "run_id='" + run_id + "'" : filter + "')";
    Json answer = ask(search_model_versions, {{"filter", filter}}, "");
    for (auto id = begin; id != end; ++id) versions_[*id] = Json::array();
    Json& own = versions_[run_id] = Json::array();
    for (Json& version : answer["model_versions"]) {
      versions_[version.value("run_id", "")].push_back(std::move(version));
    }
    return own;
  }

  App& app_;
  const Request& asked_;
  std::size_t left_ = kMaximumAnswer;
  std::vector<std::string> run_ids_;         // of the last list
  std::map<std::string, Json> experiments_;  // by id
  std::map<std::string, Json> versions_;     // by run
};

[[noreturn]] void refuse_member(const std::string& name, const std::string& expected) {
  throw_invalid_parameter("Invalid value for '" + name + "' of the GraphQL request: expected " +
                          expected + ".");
}

graphql::Request read_request(const Request& request) {
  Json body = request.json_object();
  const auto take = [&](const char* name) {
    const auto found = body.find(name);
    return found == body.end() ? Json() : std::move(*found);
  };
  graphql::Request result;
  Json query = take("query");
  if (!query.is_string()) refuse_member("query", "a string");
  result.query = std::move(query.get_ref<std::string&>());
  if (const Json name = take("operationName"); !name.is_null()) {
    result.operation_name = name.is_string() ? name.get<std::string>() : python_repr(name);
  }
  if (Json variables = take("variables"); variables.is_object()) {
    result.variables = std::move(variables);
  } else if (!variables.is_null()) {
    refuse_member("variables", "an object");
  }
  return result;
}

}  // namespace

HttpResponse post_graphql(App& app, const Request& request) {
  const graphql::Limits limits{app.config.graphql_max_root_fields, app.config.graphql_max_aliases};
  Spill spill;
  std::size_t spilled = 0;
  const auto roll = [&] {
    if (spill.text().size() < kSpillAfter) return;
    spilled += spill.text().size();
    if (spilled > kMaximumAnswer) throw_too_much("This GraphQL request is answered with");
    spill.roll();
  };
  std::size_t used = 0;
  {
    Resolving resolving(app, request);
    graphql::execute(read_request(request), limits, std::ref(resolving), spill.text(), roll);
    used = resolving.used();
  }
  if (used >= kLargeRequest) give_memory_back();
  spill.text() += "\n";
  return spill.reply("application/json");
}

}  // namespace millrace::handlers
