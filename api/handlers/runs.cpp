// Handlers of runs (tracking.md sections 4.3 and 4.4).
#include "store/tracking/runs.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <span>

#include "api/entities/run_json.h"
#include "api/handlers/registry.h"
#include "api/handlers/tracking.h"
#include "api/rest/app.h"
#include "api/rest/list_reply.h"
#include "api/rest/reply.h"
#include "api/rest/request.h"
#include "api/rules/run_data.h"
#include "api/rules/validate.h"
#include "artifacts/location.h"

namespace millrace::handlers {
namespace {

constexpr std::array kStatuses{EnumValue{"RUNNING", 1}, EnumValue{"SCHEDULED", 2},
                               EnumValue{"FINISHED", 3}, EnumValue{"FAILED", 4},
                               EnumValue{"KILLED", 5}};

std::optional<std::string> status_of(const Message& message) {
  const std::int64_t number = message.integer("status", 0);
  for (const EnumValue& status : kStatuses) {
    if (status.number == number) return std::string(status.name);
  }
  return std::nullopt;
}

// What is written of a run at once: some 20 ms of work on SQLite.
constexpr std::size_t kTagsAtOnce = 2000;
constexpr std::size_t kBytesAtOnce = std::size_t{1} << 20U;

std::size_t bytes_of(const Tag& tag) { return tag.key.size() + tag.value.size(); }

// The first of the tags that may be written at once.
std::span<const Tag> portion_of(std::span<const Tag> tags) {
  std::size_t count = 0;
  for (std::size_t bytes = 0; count < std::min(kTagsAtOnce, tags.size()); ++count) {
    bytes += bytes_of(tags[count]);
    if (count > 0 && bytes > kBytesAtOnce) break;
  }
  return tags.first(count);
}

// What made the run fail is told, whatever becomes of this.
void drop(App& app, const WorkOrder& order, const std::string& run_id) {
  try {
    app.tracking.write(order, tracking::drop_begun_run, run_id);
  } catch (const Error& error) {
    spdlog::warn("The run {} was begun and is left: {}", run_id, error.what());
  }
}

// A run with very many tags is made in several units of work, since those of others would wait for
// a single one.
Run create(App& app, const Request& request, const tracking::NewRun& wanted) {
  const WorkOrder order = request.order(load_of(wanted.tags.size()));
  if (portion_of(wanted.tags).size() == wanted.tags.size())
    return app.tracking.write(order, tracking::create_run, wanted, append_to_uri_path);
  Run run = app.tracking.write(request.order(), tracking::begin_run, wanted, append_to_uri_path);
  const std::string& run_id = run.info.run_id;
  try {
    for (std::span<const Tag> rest(run.tags); !rest.empty();) {
      const std::span<const Tag> portion = portion_of(rest);
      app.tracking.write(order, tracking::add_new_tags, run_id, portion);
      rest = rest.subspan(portion.size());
    }
    app.tracking.write(request.order(), tracking::finish_run, run_id, wanted.experiment_id);
  } catch (const Error&) {
    drop(app, order, run_id);
    throw;
  }
  return run;
}

}  // namespace

HttpResponse create_run(App& app, const Request& request) {
  static constexpr std::array kParams{
      Param{"experiment_id"}, Param{"start_time", Kind::Int64}, Param{"run_name"},
      Param{.name = "user_id", .checked = false},
      Param{.name = "tags", .kind = Kind::Messages, .fields = kTagParams, .checked = false}};
  const Message message = request.decode(kParams);
  const std::string& experiment_id = message.text("experiment_id");
  const tracking::NewRun wanted{
      .experiment_id = experiment_id.empty() ? 0 : parse_experiment_id(experiment_id),
      .experiment_text = experiment_id,
      .user_id = message.text("user_id"),
      .run_name = message.text("run_name"),
      .start_time = message.integer("start_time", 0),
      .tags = tags_of(message)};
  const Run run = create(app, request, wanted);
  std::string body;
  JsonWriter writer(body, Layout::Pretty);
  writer.begin_object();
  writer.key("run");
  write_created(writer, run);
  writer.end_object();
  return json_reply(std::move(body));
}

HttpResponse get_run(App& app, const Request& request) {
  static constexpr std::array kParams{required("run_id"), kRunUuid};
  const Message message = request.decode(kParams);
  return entity_reply("run",
                      app.tracking.read(request.order(), tracking::get_run, run_id_of(message)));
}

HttpResponse update_run(App& app, const Request& request) {
  static constexpr std::array kParams{
      required("run_id"), Param{"end_time", Kind::Int64},
      Param{.name = "status", .kind = Kind::Enum, .values = kStatuses}, Param{"run_name"},
      kRunUuid};
  const Message message = request.decode(kParams);
  tracking::RunChanges changes{
      .status = status_of(message), .end_time = std::nullopt, .run_name = message.text("run_name")};
  if (message.has("end_time")) changes.end_time = message.integer("end_time", 0);
  return entity_reply("run_info", app.tracking.write(request.order(), tracking::update_run,
                                                     run_id_of(message), changes));
}

HttpResponse delete_run(App& app, const Request& request) {
  static constexpr std::array kParams{required("run_id")};
  app.tracking.write(request.order(), tracking::delete_run, request.decode(kParams).text("run_id"));
  return json_reply("{}");
}

HttpResponse restore_run(App& app, const Request& request) {
  static constexpr std::array kParams{required("run_id")};
  app.tracking.write(request.order(), tracking::restore_run,
                     request.decode(kParams).text("run_id"));
  return json_reply("{}");
}

HttpResponse set_run_tag(App& app, const Request& request) {
  static constexpr std::array kParams{required("run_id"), required("key"), Param{"value"},
                                      kRunUuid};
  const Message message = request.decode(kParams);
  Tag tag{message.text("key"), message.text("value")};
  accept_run_tag({}, tag, app.config.truncate_long_values);
  app.tracking.write(request.order(), tracking::set_run_tag, run_id_of(message), tag);
  return json_reply("{}");
}

HttpResponse delete_run_tag(App& app, const Request& request) {
  static constexpr std::array kParams{required("run_id"), required("key")};
  const Message message = request.decode(kParams);
  app.tracking.write(request.order(), tracking::delete_run_tag, message.text("run_id"),
                     message.text("key"));
  return json_reply("{}");
}

}  // namespace millrace::handlers
