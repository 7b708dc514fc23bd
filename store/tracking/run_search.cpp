// runs/search: what is found in one statement, then the contents of the runs in chunks of a fixed
// number of statements each, so that a long page, or one of large runs, is never held as a list.
#include <algorithm>

#include "store/tracking/run_rows.h"
#include "store/tracking/runs.h"

namespace millrace::tracking {
namespace {

constexpr std::size_t kChunk = 256;
// What the contents of a chunk may take, in bytes.
constexpr std::size_t kMostRunBytes = std::size_t{32} << 20U;

// Whether the rows are kept while their contents are read. Of a longer page only the ids are, and a
// database that sorts should not carry the rows along; then they are read a second time.
bool keeps_rows(const search::RunSearch& parsed, const search::RunScope& scope,
                std::int64_t max_results) {
  constexpr std::int64_t most = 1000;
  const bool walks = parsed.order.empty() && scope.experiment_ids.size() == 1 &&
                     scope.stages.size() == 1;  // through the index millrace_runs_experiment
  return walks && max_results <= most;
}

std::vector<Run> rows_of_page(Work& work, const search::Query& query) {
  std::vector<Run> page;
  runs::each_info(work, query.sql, query.values,
                  [&page](RunInfo info) { page.emplace_back().info = std::move(info); });
  return page;
}

std::vector<std::string> ids_of_page(Work& work, const search::Query& query) {
  std::vector<std::string> page;
  work.each<std::string>(query.sql, query.values,
                         [&page](std::string id) { page.push_back(std::move(id)); });
  return page;
}

// Cuts what is beyond the page off; returns whether there was something.
template <class Item>
bool cut_page(std::vector<Item>& page, std::int64_t max_results) {
  const bool more = static_cast<std::int64_t>(page.size()) > max_results;
  if (more) page.pop_back();
  return more;
}

}  // namespace

bool search_runs(Work& work, const search::RunSearch& parsed, const search::RunScope& scope,
                 std::int64_t max_results, std::int64_t offset,
                 const std::function<void(const Run&)>& row) {
  const bool keep_rows = keeps_rows(parsed, scope, max_results);
  const search::Query query =
      search::runs_query(parsed, scope, keep_rows ? runs::kInfoColumns : "r.run_uuid",
                         {max_results + 1, offset}, work.dialect());
  if (scope.experiment_ids.empty()) return false;
  const auto give = [&](std::vector<Run> page) {
    search::each_filled(
        std::span(page), {kChunk, kMostRunBytes}, runs::drop_contents,
        [&work](search::FilledItems<Run>& some) { runs::add_contents(work, some); },
        [&](const Run& run) { work.deliver(row, run); });
  };
  if (keep_rows) {
    std::vector<Run> page = rows_of_page(work, query);
    const bool more = cut_page(page, max_results);
    give(std::move(page));
    return more;
  }
  std::vector<std::string> ids = ids_of_page(work, query);
  const bool more = cut_page(ids, max_results);
  for (std::span<const std::string> rest(ids); !rest.empty();) {
    const auto chunk = rest.first(std::min(kChunk, rest.size()));
    give(runs::load_infos(work, chunk));
    rest = rest.subspan(chunk.size());
  }
  return more;
}

}  // namespace millrace::tracking
