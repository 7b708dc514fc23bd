// runs/search: what is found in one statement, then the contents of the runs in chunks of a fixed
// number of statements each, so that a long page is never held as a list of runs.
#include <algorithm>

#include "store/tracking/run_rows.h"
#include "store/tracking/runs.h"

namespace millrace::tracking {
namespace {

constexpr std::size_t kChunk = 256;

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

// Cuts what is beyond the page off, and gives the rest to `use` in chunks.
template <class Item, class Use>
bool each_chunk(std::vector<Item> page, std::int64_t max_results, Use&& use) {
  const bool more = static_cast<std::int64_t>(page.size()) > max_results;
  if (more) page.pop_back();
  for (std::size_t begin = 0; begin < page.size(); begin += kChunk) {
    use(std::span(page).subspan(begin, std::min(kChunk, page.size() - begin)));
  }
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
  if (keep_rows) {
    return each_chunk(rows_of_page(work, query), max_results, [&](std::span<Run> chunk) {
      runs::add_contents(work, chunk);
      for (Run& run : chunk) {
        work.deliver(row, run);
        run = {};
      }
    });
  }
  return each_chunk(ids_of_page(work, query), max_results, [&](std::span<const std::string> chunk) {
    for (const Run& run : runs::load_runs(work, chunk)) work.deliver(row, run);
  });
}

}  // namespace millrace::tracking
