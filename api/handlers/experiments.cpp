// Handlers of experiments (tracking.md sections 4.2 and 6).
#include "store/tracking/experiments.h"

#include <array>

#include "api/entities/experiment_json.h"
#include "api/handlers/registry.h"
#include "api/handlers/tracking.h"
#include "api/rest/app.h"
#include "api/rest/list_reply.h"
#include "api/rest/page_token.h"
#include "api/rest/reply.h"
#include "api/rest/request.h"
#include "api/rules/experiment.h"
#include "api/rules/validate.h"
#include "artifacts/location.h"
#include "store/common/error.h"

namespace millrace::handlers {
namespace {

constexpr std::array kIdParams{required("experiment_id")};

constexpr std::int64_t kMaximumResults = 50'000;
constexpr std::size_t kMaximumExperimentsOfDatasets = 20;

// SqlAlchemyStore._validate_max_results_param.
void validate_max_results(std::int64_t max_results) {
  const std::string problem = "Invalid value " + std::to_string(max_results) +
                              " for parameter 'max_results' supplied. It must be ";
  if (max_results < 1) throw_invalid_parameter(problem + "a positive integer");
  if (max_results > kMaximumResults) {
    throw_invalid_parameter(problem + "at most " + std::to_string(kMaximumResults));
  }
}

// _parse_experiment_id behind SqlAlchemyStore._get_experiment, which takes "" for the default
// experiment. Only a conversion that stopped can leave a required field empty.
std::int64_t experiment_id_of(const Message& message) {
  const std::string& text = message.text("experiment_id");
  return text.empty() ? 0 : parse_experiment_id(text);
}

}  // namespace

HttpResponse create_experiment(App& app, const Request& request) {
  static constexpr std::array kParams{required("name"), Param{"artifact_location"},
                                      Param{"tags", Kind::Messages, false, kTagParams}};
  const Message message = request.decode(kParams);
  const std::string& name = message.text("name");
  std::string given = message.text("artifact_location");
  const std::vector<Tag> tags = tags_of(message);
  validate_custom_views(tags);
  if (!given.empty()) validate_artifact_location(given, app.config);
  validate_experiment_name(name);
  if (!given.empty()) given = resolve_artifact_location(given, app.config);
  for (const Tag& tag : tags) validate_experiment_tag(tag);
  const auto location = [&](std::int64_t id) {
    return given.empty() ? append_to_uri_path(app.config.default_artifact_root, std::to_string(id))
                         : given;
  };
  const std::int64_t id = app.tracking.write(request.order(load_of(tags.size())),
                                             tracking::create_experiment, name, location, tags);
  std::string body;
  JsonWriter writer(body, Layout::Pretty);
  writer.begin_object();
  writer.key("experiment_id").string(std::to_string(id));
  writer.end_object();
  return json_reply(std::move(body));
}

HttpResponse get_experiment(App& app, const Request& request) {
  const Message message = request.decode(kIdParams);
  return entity_reply("experiment", app.tracking.read(request.order(), tracking::get_experiment,
                                                      experiment_id_of(message)));
}

HttpResponse get_experiment_by_name(App& app, const Request& request) {
  static constexpr std::array kParams{required("experiment_name")};
  const Message message = request.decode(kParams);
  return entity_reply("experiment",
                      app.tracking.read(request.order(), tracking::get_experiment_by_name,
                                        message.text("experiment_name")));
}

HttpResponse update_experiment(App& app, const Request& request) {
  static constexpr std::array kParams{required("experiment_id"),
                                      Param{"new_name", Kind::String, true}};
  const Message message = request.decode(kParams);
  const std::string& new_name = message.text("new_name");
  if (new_name.empty()) return json_reply("{}");  // lost when the conversion stopped
  validate_experiment_name(new_name);
  app.tracking.write(request.order(), tracking::rename_experiment, experiment_id_of(message),
                     new_name);
  return json_reply("{}");
}

HttpResponse delete_experiment(App& app, const Request& request) {
  const Message message = request.decode(kIdParams);
  app.tracking.write(request.order(Load::Large), tracking::delete_experiment,
                     parse_experiment_id(message.text("experiment_id")));
  return json_reply("{}");
}

HttpResponse restore_experiment(App& app, const Request& request) {
  const Message message = request.decode(kIdParams);
  app.tracking.write(request.order(Load::Large), tracking::restore_experiment,
                     experiment_id_of(message));
  return json_reply("{}");
}

HttpResponse set_experiment_tag(App& app, const Request& request) {
  static constexpr std::array kParams{required("experiment_id"), required("key"), Param{"value"}};
  const Message message = request.decode(kParams);
  const Tag tag{message.text("key"), message.text("value")};
  if (is_custom_view(tag.key)) {
    const Experiment experiment =
        app.tracking.read(request.order(), tracking::get_experiment, experiment_id_of(message));
    validate_new_custom_view(tag.key, experiment.tags, std::to_string(experiment.experiment_id));
  }
  validate_experiment_tag(tag);
  app.tracking.write(request.order(), tracking::set_experiment_tag, experiment_id_of(message), tag,
                     message.text("experiment_id"));
  return json_reply("{}");
}

HttpResponse delete_experiment_tag(App& app, const Request& request) {
  static constexpr std::array kParams{required("experiment_id"), required("key")};
  const Message message = request.decode(kParams);
  const std::string& id = message.text("experiment_id");
  app.tracking.write(request.order(), tracking::delete_experiment_tag, parse_experiment_id(id),
                     message.text("key"), id);
  return json_reply("{}");
}

HttpResponse search_experiments(App& app, const Request& request) {
  static constexpr std::array kParams{
      Param{.name = "view_type",
            .kind = Kind::Enum,
            .values = kViewTypes,
            .intlike = true,
            .number = 5},
      Param{.name = "max_results", .kind = Kind::Int64, .number = 1},
      Param{.name = "order_by", .kind = Kind::Strings, .any_items = true, .number = 4},
      Param{.name = "filter", .number = 3}, Param{.name = "page_token", .number = 2}};
  const Message message = request.decode(kParams);
  const std::int64_t max_results = message.integer("max_results", 0);
  validate_max_results(max_results);
  const search::ParsedSearch search =
      search::parse_experiment_search(message.text("filter"), message.texts("order_by"));
  const std::int64_t offset = decode_page_token(message.text("page_token"));
  const auto view = static_cast<ViewType>(message.integer("view_type", 1));
  ListReply reply("experiments");
  const bool more = app.tracking.read(request.order(Load::Large), tracking::search_experiments,
                                      search, view, max_results, offset,
                                      [&](const Experiment& experiment) { reply.add(experiment); });
  return reply.finish(page_token_if(more, offset, max_results));
}

HttpResponse search_datasets(App& app, const Request& request) {
  static constexpr std::array kParams{
      Param{.name = "experiment_ids", .kind = Kind::Strings, .checked = false}};
  const Message message = request.decode(kParams);
  const std::vector<std::string>& texts = message.texts("experiment_ids");
  if (texts.empty()) {
    throw_invalid_parameter("SearchDatasets request must specify at least one experiment_id.");
  }
  if (texts.size() > kMaximumExperimentsOfDatasets) {
    throw_invalid_parameter(
        "SearchDatasets request cannot specify more than 20 experiment_ids. Received " +
        std::to_string(texts.size()) + " experiment_ids.");
  }
  std::vector<std::int64_t> ids;
  for (const std::string& text : texts) ids.push_back(parse_experiment_id(text));
  const std::vector<DatasetSummary> summaries =
      app.tracking.read(request.order(Load::Large), tracking::search_datasets, ids);
  ListReply reply("dataset_summaries");
  for (const DatasetSummary& summary : summaries) reply.add(summary);
  return reply.finish();
}

}  // namespace millrace::handlers
