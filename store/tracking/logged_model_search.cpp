// logged-models/search: one page of models with their tags, params and metrics.
#include <algorithm>
#include <span>

#include "store/tracking/logged_model_rows.h"
#include "store/tracking/logged_models.h"

namespace millrace {
namespace {

// Models that are read at once: of a page, which may be long, only the ids are held.
constexpr std::size_t kChunk = 500;

}  // namespace

bool LoggedModels::search(const search::LoggedModelSearch& search, std::int64_t max_results,
                          std::int64_t offset, const std::function<void(const LoggedModel&)>& row) {
  const Dialect dialect = db_.dialect();
  // A negative limit means all on SQLite, as it does in MLflow.
  const std::int64_t limit = max_results + 1;
  const search::Query query =
      search::logged_models_query(search, "m.model_id", {limit, offset}, dialect);
  return db_.read([&](Session& session) {
    std::vector<std::string> ids;
    session.each<std::string>(query.sql, query.values,
                              [&ids](std::string id) { ids.push_back(std::move(id)); });
    const auto count = static_cast<std::int64_t>(ids.size());
    const std::int64_t kept = max_results >= 0 ? std::min(count, max_results)
                                               : std::max<std::int64_t>(0, count + max_results);
    std::span<const std::string> page(ids.data(), static_cast<std::size_t>(kept));
    while (!page.empty()) {
      const auto chunk = page.first(std::min(kChunk, page.size()));
      for (const LoggedModel& model : logged_models::load_models(session, dialect, chunk))
        row(model);
      page = page.subspan(chunk.size());
    }
    return count > max_results;
  });
}

}  // namespace millrace
