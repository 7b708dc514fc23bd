// Handlers of what goes into runs and comes out of them (tracking.md section 4.7).
#include <array>

#include "api/entities/logged_model_history.h"
#include "api/handlers/registry.h"
#include "api/handlers/until_unchanged.h"
#include "api/rest/app.h"
#include "api/rest/reply.h"
#include "api/rest/request.h"
#include "api/rules/validate.h"
#include "store/tracking/runs.h"

namespace millrace::handlers {
namespace {

constexpr std::size_t kMaximumHistory = 8000;

constexpr std::array kDatasetParams{Param{"name"},   Param{"digest"}, Param{"source_type"},
                                    Param{"source"}, Param{"schema"}, Param{"profile"}};
constexpr std::array kDatasetInputParams{Param{"tags", Kind::Messages, false, kTagParams},
                                         Param{"dataset", Kind::Nested, false, kDatasetParams}};
constexpr std::array kModelInputParams{Param{"model_id"}};
constexpr std::array kModelOutputParams{Param{"model_id"}, Param{"step", Kind::Int64}};

// _validate_dataset and _validate_input_tags.
void validate_dataset_input(const DatasetInput& input) {
  validate_length("name", 500, input.dataset.name);
  validate_length("digest", 36, input.dataset.digest);
  validate_length("source", 65'535, input.dataset.source);
  validate_length("schema", 1'048'575, input.dataset.schema.value_or(""));
  validate_length("profile", 16'777'215, input.dataset.profile.value_or(""));
  for (const Tag& tag : input.tags) {
    validate_length("key", 255, tag.key);
    validate_length("value", 500, tag.value);
  }
}

// A dataset that is left out is one whose fields are all empty.
Dataset dataset_of(const Message& input) {
  const Message* dataset = input.nested("dataset");
  if (dataset == nullptr) return {};
  return {.name = dataset->text("name"),
          .digest = dataset->text("digest"),
          .source_type = dataset->text("source_type"),
          .source = dataset->text("source"),
          .schema = dataset->optional_text("schema"),
          .profile = dataset->optional_text("profile")};
}

}  // namespace

HttpResponse log_model(App& app, const Request& request) {
  static constexpr std::array kParams{Param{"run_id", Kind::String, true},
                                      Param{"model_json", Kind::String, true}};
  const Message message = request.decode(kParams);
  const std::string entry = history_entry(message.text("model_json"));
  const std::string& run_id = message.text("run_id");
  until_unchanged("log models for this run", [&] {
    const auto history =
        app.tracking.read(request.order(), tracking::get_run_tag, run_id, kHistoryTag);
    const std::string longer = append_to_history(history, entry);
    // MLflow validates a cut text, but stores the whole one.
    if (!app.config.truncate_long_values) validate_length("value", kMaximumHistory, longer);
    const Load load = longer.size() > kLongText ? Load::Large : Load::Small;
    return app.tracking.write(request.order(load), tracking::replace_run_tag, run_id, kHistoryTag,
                              history, longer);
  });
  return json_reply("{}");
}

HttpResponse log_inputs(App& app, const Request& request) {
  static constexpr std::array kParams{required("run_id"),
                                      Param{"datasets", Kind::Messages, false, kDatasetInputParams},
                                      Param{"models", Kind::Messages, false, kModelInputParams}};
  const Message message = request.decode(kParams);
  std::vector<DatasetInput> datasets;
  std::size_t rows = message.messages("models").size();
  for (const Message& input : message.messages("datasets")) {
    datasets.push_back({.tags = tags_of(input), .dataset = dataset_of(input)});
    rows += 1 + datasets.back().tags.size();
  }
  std::vector<std::string> models;
  for (const Message& model : message.messages("models")) models.push_back(model.text("model_id"));
  validate_run_id(message.text("run_id"));
  for (const DatasetInput& input : datasets) validate_dataset_input(input);
  app.tracking.write(request.order(load_of(rows)), tracking::log_inputs, message.text("run_id"),
                     datasets, models);
  return json_reply("{}");
}

HttpResponse log_outputs(App& app, const Request& request) {
  static constexpr std::array kParams{required("run_id"), Param{.name = "models",
                                                                .kind = Kind::Messages,
                                                                .required = true,
                                                                .fields = kModelOutputParams,
                                                                .required_first = true}};
  const Message message = request.decode(kParams);
  std::vector<ModelOutput> models;
  for (const Message& model : message.messages("models")) {
    models.push_back({model.text("model_id"), model.integer("step", 0)});
  }
  app.tracking.write(request.order(load_of(models.size())), tracking::log_outputs,
                     message.text("run_id"), models);
  return json_reply("{}");
}

}  // namespace millrace::handlers
