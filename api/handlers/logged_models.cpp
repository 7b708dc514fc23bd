// Handlers of logged models (tracking.md section 5).
#include "store/tracking/logged_models.h"

#include <algorithm>
#include <array>

#include "api/entities/logged_model_json.h"
#include "api/handlers/registry.h"
#include "api/rest/app.h"
#include "api/rest/list_reply.h"
#include "api/rest/logged_model_token.h"
#include "api/rest/page_token.h"
#include "api/rest/reply.h"
#include "api/rest/request.h"
#include "api/rules/validate.h"
#include "artifacts/location.h"
#include "store/common/error.h"
#include "store/text/python_text.h"

namespace millrace::handlers {
namespace {

HttpResponse logged_model_reply(const LoggedModel& model) { return entity_reply("model", model); }

// The first one, in any case: MLflow's handler reads it by itself, for HEAD too.
bool allows_deleted(const Request& request) {
  for (const auto& [name, value] : parse_query(request.target.raw_query)) {
    if (name == "allow_deleted") return python::lower(value) == "true";
  }
  return false;
}

// The request's query, but for its datasets.
LoggedModelQuery query_of(const Message& message) {
  LoggedModelQuery query{message.texts("experiment_ids"), message.text("filter"), {}};
  for (const Message& field : message.messages("order_by")) {
    query.order_by.push_back({.field_name = field.text("field_name"),
                              .ascending = !field.has("ascending") || field.boolean("ascending"),
                              .dataset_name = field.text("dataset_name"),
                              .dataset_digest = field.text("dataset_digest")});
  }
  return query;
}

std::vector<search::DatasetPoints> datasets_of(const Message& message) {
  std::vector<search::DatasetPoints> datasets;
  for (const Message& dataset : message.messages("datasets")) {
    if (dataset.text("dataset_name").empty()) {
      throw_invalid_parameter("`dataset_name` in the `datasets` clause must be specified.");
    }
    const std::string& digest = dataset.text("dataset_digest");
    datasets.push_back(
        {dataset.text("dataset_name"), digest.empty() ? std::nullopt : std::optional(digest)});
  }
  return datasets;
}

// The checks in MLflow's order, of which reading the page token is one.
search::LoggedModelSearch search_of(const Message& message, const LoggedModelQuery& query,
                                    std::int64_t& offset) {
  search::LoggedModelSearch search;
  search.datasets = datasets_of(message);
  offset = decode_logged_model_token(message.text("page_token"), query);
  search.filter = search::parse_logged_model_filter(query.filter);
  for (const std::string& id : query.experiment_ids) {
    search.experiment_ids.push_back(parse_experiment_id(id));
  }
  search.order = search::parse_logged_model_order(query.order_by);
  return search;
}

}  // namespace

HttpResponse create_logged_model(App& app, const Request& request) {
  static constexpr std::array kParams{Param{"experiment_id", Kind::String, true},
                                      Param{"name"},
                                      Param{"model_type"},
                                      Param{"source_run_id"},
                                      Param{"params", Kind::Messages, false, kTagParams},
                                      Param{"tags", Kind::Messages, false, kTagParams}};
  const Message message = request.decode(kParams);
  validate_logged_model_name(message.text("name"));
  // Absent where the conversion stopped before it.
  const std::string& experiment_id = message.text("experiment_id");
  const tracking::NewLoggedModel model{
      .experiment_id = experiment_id.empty() ? 0 : parse_experiment_id(experiment_id),
      .experiment_text = experiment_id,
      .name = message.text("name"),
      .model_type = message.text("model_type"),
      .source_run_id = message.text("source_run_id"),
      .params = tags_of(message, "params"),
      .tags = tags_of(message)};
  return logged_model_reply(
      app.tracking.write(request.order(load_of(model.params.size() + model.tags.size())),
                         tracking::create_logged_model, model, append_to_uri_path));
}

HttpResponse get_logged_model(App& app, const Request& request) {
  return logged_model_reply(app.tracking.read(request.order(), tracking::get_logged_model,
                                              request.path_arguments[0], allows_deleted(request)));
}

// The body's model_id counts, not that of the path.
HttpResponse finalize_logged_model(App& app, const Request& request) {
  static constexpr std::array kParams{Param{"model_id", Kind::String, true},
                                      Param{.name = "status",
                                            .kind = Kind::Enum,
                                            .required = true,
                                            .values = kLoggedModelStatuses,
                                            .intlike = true}};
  const Message message = request.decode(kParams);
  return logged_model_reply(app.tracking.write(request.order(), tracking::finalize_logged_model,
                                               message.text("model_id"),
                                               message.integer("status", 0)));
}

HttpResponse delete_logged_model(App& app, const Request& request) {
  app.tracking.write(request.order(), tracking::delete_logged_model, request.path_arguments[0]);
  return json_reply("{}");
}

HttpResponse set_logged_model_tags(App& app, const Request& request) {
  static constexpr std::array kParams{Param{.name = "model_id", .checked = false},
                                      Param{"tags", Kind::Messages, false, kTagParams}};
  const Message message = request.decode(kParams);
  const std::vector<Tag> tags = tags_of(message);
  app.tracking.write(request.order(load_of(tags.size())), tracking::set_logged_model_tags,
                     request.path_arguments[0], tags);
  return json_reply("{}");
}

HttpResponse delete_logged_model_tag(App& app, const Request& request) {
  app.tracking.write(request.order(), tracking::delete_logged_model_tag, request.path_arguments[0],
                     request.path_arguments[1]);
  return json_reply("{}");
}

// The body must have a model_id, that of the path counts.
HttpResponse log_logged_model_params(App& app, const Request& request) {
  static constexpr std::array kParams{Param{"model_id", Kind::String, true},
                                      Param{"params", Kind::Messages, false, kTagParams}};
  const Message message = request.decode(kParams);
  const std::vector<Tag> params = tags_of(message, "params");
  app.tracking.write(request.order(load_of(params.size())), tracking::log_logged_model_params,
                     request.path_arguments[0], params);
  return json_reply("{}");
}

HttpResponse search_logged_models(App& app, const Request& request) {
  static constexpr std::array kDatasetParams{Param{"dataset_name"}, Param{"dataset_digest"}};
  static constexpr std::array kOrderParams{Param{"field_name"}, Param{"ascending", Kind::Bool},
                                           Param{"dataset_name"}, Param{"dataset_digest"}};
  static constexpr std::array kParams{Param{"experiment_ids", Kind::Strings, true},
                                      Param{"filter"},
                                      Param{"datasets", Kind::Messages, false, kDatasetParams},
                                      Param{"max_results", Kind::Int32},
                                      Param{"order_by", Kind::Messages, false, kOrderParams},
                                      Param{"page_token"}};
  constexpr std::int64_t kAbsent = 50;
  constexpr std::int64_t kZero = 100;
  const Message message = request.decode(kParams);
  const LoggedModelQuery query = query_of(message);
  std::int64_t offset = 0;
  const search::LoggedModelSearch search = search_of(message, query, offset);
  const std::int64_t wanted = message.integer("max_results", kAbsent);
  const std::int64_t max_results = wanted == 0 ? kZero : wanted;
  ListReply reply("models");
  const bool more =
      app.tracking.read(request.order(Load::Large), tracking::search_logged_models, search,
                        max_results, offset, [&](const LoggedModel& model) { reply.add(model); });
  if (!more) return reply.finish();
  return reply.finish(encode_logged_model_token(query, next_offset(offset, max_results)));
}

}  // namespace millrace::handlers
