// runs/search (tracking.md section 6): the runs of a page are written as they come.
#include <array>

#include "api/entities/run_json.h"
#include "api/handlers/tracking.h"
#include "api/rest/app.h"
#include "api/rest/list_reply.h"
#include "api/rest/page_token.h"
#include "api/rest/request.h"
#include "api/rules/validate.h"
#include "store/tracking/runs.h"

namespace millrace::handlers {
namespace {

// LifecycleStage.view_type_to_stages.
std::vector<std::string_view> stages_of(ViewType view) {
  if (view == ViewType::ActiveOnly) return {kActive};
  if (view == ViewType::DeletedOnly) return {kDeleted};
  return {kActive, kDeleted};
}

search::RunScope scope_of(const Message& message) {
  search::RunScope scope;
  for (const std::string& id : message.texts("experiment_ids")) {
    scope.experiment_ids.push_back(parse_experiment_id(id));
  }
  scope.stages = stages_of(static_cast<ViewType>(message.integer("run_view_type", 1)));
  return scope;
}

}  // namespace

HttpResponse search_runs(App& app, const Request& request) {
  static constexpr std::array kParams{
      Param{.name = "experiment_ids", .kind = Kind::Strings, .any_items = true},
      Param{"filter"},
      Param{.name = "max_results", .kind = Kind::Int32, .maximum = 50'000},
      Param{"order_by", Kind::Strings},
      Param{.name = "run_view_type", .kind = Kind::Enum, .checked = false, .values = kViewTypes},
      Param{.name = "page_token", .checked = false}};
  const Message message = request.decode(kParams);
  const std::int64_t max_results = message.integer("max_results", 1000);
  if (max_results < 1) {
    throw_invalid_parameter("Invalid value " + std::to_string(max_results) +
                            " for parameter 'max_results' supplied. It must be a positive integer");
  }
  const auto search = search::parse_run_search(message.text("filter"), message.texts("order_by"));
  const std::int64_t offset = decode_page_token(message.text("page_token"));
  const search::RunScope scope = scope_of(message);
  ListReply reply("runs");
  const bool more =
      app.tracking.read(request.order(Load::Large), tracking::search_runs, search, scope,
                        max_results, offset, [&](const Run& run) { reply.add(run); });
  return reply.finish(page_token_if(more, offset, max_results));
}

}  // namespace millrace::handlers
