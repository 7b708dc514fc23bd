// logged-models/search: one page of models with their tags, params and metrics.
#include <algorithm>
#include <span>

#include "store/tracking/logged_model_rows.h"
#include "store/tracking/logged_models.h"

namespace millrace::tracking {
namespace {

// Models that are read at once: of a page, which may be long, only the ids are held.
constexpr std::size_t kModelsAtOnce = 500;
// What their contents may take, in bytes.
constexpr std::size_t kMostModelBytes = std::size_t{32} << 20U;

}  // namespace

bool search_logged_models(Work& work, const search::LoggedModelSearch& search,
                          std::int64_t max_results, std::int64_t offset,
                          const std::function<void(const LoggedModel&)>& row) {
  // A negative limit means all on SQLite, as it does in MLflow.
  const std::int64_t limit = max_results + 1;
  const search::Query query =
      search::logged_models_query(search, "m.model_id", {limit, offset}, work.dialect());
  std::vector<std::string> ids;
  work.each<std::string>(query.sql, query.values,
                         [&ids](std::string id) { ids.push_back(std::move(id)); });
  const auto count = static_cast<std::int64_t>(ids.size());
  const std::int64_t kept = max_results >= 0 ? std::min(count, max_results)
                                             : std::max<std::int64_t>(0, count + max_results);
  std::span<const std::string> page(ids.data(), static_cast<std::size_t>(kept));
  while (!page.empty()) {
    const auto chunk = page.first(std::min(kModelsAtOnce, page.size()));
    std::vector<LoggedModel> models = logged_models::load_rows(work, chunk);
    search::each_filled(
        std::span(models), {kModelsAtOnce, kMostModelBytes}, logged_models::drop_contents,
        [&work](search::FilledItems<LoggedModel>& some) {
          logged_models::add_contents(work, some);
        },
        [&](const LoggedModel& model) { work.deliver(row, model); });
    page = page.subspan(chunk.size());
  }
  return count > max_results;
}

}  // namespace millrace::tracking
