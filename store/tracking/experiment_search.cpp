// experiments/search and search-datasets: the rows of one page as they come, in one statement.
#include <array>
#include <span>

#include "store/db/dialect.h"
#include "store/search/query.h"
#include "store/search/tagged_page.h"
#include "store/tracking/experiment_rows.h"
#include "store/tracking/experiments.h"

namespace millrace::tracking {
namespace {

using Text = std::optional<std::string>;

constexpr std::array<std::string_view, 2> kStages{kActive, kDeleted};

std::span<const std::string_view> stages_of(ViewType view) {
  const std::span<const std::string_view> all(kStages);
  if (view == ViewType::All) return all;
  return all.subspan(view == ViewType::DeletedOnly ? 1 : 0, 1);
}

// The rows of the search with their tags beside them, so that a long page is never held as a list.
search::Query with_tags(const search::ParsedSearch& parsed, ViewType view, const search::Page& page,
                        Dialect dialect) {
  search::Query query =
      search::experiments_query(parsed, experiments::kColumns, stages_of(view), page, dialect);
  query.sql = "SELECT " + std::string(experiments::kColumns) + ", t.key, t.value FROM (" +
              query.sql + ") e LEFT JOIN experiment_tags t ON t.experiment_id = e.experiment_id";
  // SQLite runs the outer side of a left join first and finds the tags by an index: the order is
  // that of the search already, and asking for it would sort all of it a second time.
  if (dialect == Dialect::Sqlite) return query;
  query.sql +=
      " ORDER BY " + search::order_terms(parsed.order, "e") + ", " + tag_order(dialect, "t");
  return query;
}

}  // namespace

bool search_experiments(Work& work, const search::ParsedSearch& parsed, ViewType view,
                        std::int64_t max_results, std::int64_t offset,
                        const std::function<void(const Experiment&)>& row) {
  const search::Query query = with_tags(parsed, view, {max_results + 1, offset}, work.dialect());
  const std::function<void(const Experiment&)> give = [&](const Experiment& experiment) {
    work.deliver(row, experiment);
  };
  search::TaggedPage<Experiment> page(max_results, give);
  const auto is_same = [](const Experiment& a, const Experiment& b) {
    return a.experiment_id == b.experiment_id;
  };
  experiments::each_experiment<Text, Text>(
      work, query.sql, query.values, [&](Experiment experiment, Text key, Text value) {
        page.add(std::move(experiment), std::move(key), std::move(value), is_same);
      });
  return page.finish();
}

std::vector<DatasetSummary> search_datasets(Work& work, const std::vector<std::int64_t>& ids) {
  std::string places;
  Values values;
  for (const std::int64_t id : ids) {
    places += (places.empty() ? ":e" : ", :e") + std::to_string(values.size());
    values.emplace_back(id);
  }
  // MLflow asks for no order and gets this one from SQLite.
  const std::string first_input =
      "i" + std::string(stored_place(work.dialect()).value_or(".destination_id"));
  std::vector<DatasetSummary> summaries;
  work.each<std::int64_t, std::string, std::string, Text>(
      "SELECT d.experiment_id, d.name, d.digest, t.value FROM datasets d"
      " JOIN inputs i ON i.source_type = 'DATASET' AND i.source_id = d.dataset_uuid"
      " LEFT JOIN input_tags t ON t.input_uuid = i.input_uuid AND t.name = 'mlflow.data.context'"
      " WHERE d.experiment_id IN (" +
          places +
          ") GROUP BY d.experiment_id, d.name, d.digest, t.value"
          " ORDER BY d.experiment_id, d.name, d.digest, MIN(" +
          first_input + ") LIMIT 1000",
      values, [&](std::int64_t id, std::string name, std::string digest, Text context) {
        summaries.push_back({id, std::move(name), std::move(digest), std::move(context)});
      });
  return summaries;
}

}  // namespace millrace::tracking
