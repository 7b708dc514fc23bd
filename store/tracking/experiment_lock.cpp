#include "store/tracking/experiment_lock.h"

#include <functional>

#include "store/db/dialect.h"
#include "store/db/rows_statement.h"
#include "store/tracking/experiment_rows.h"

namespace millrace::experiments {
namespace {

constexpr std::int64_t kPlaces = 16;

// Of the places from `first` to before `end`. On SQLite a writer is alone.
void count_turns(Work& work, std::int64_t id, std::int64_t first, std::int64_t end) {
  if (work.dialect() == Dialect::Sqlite) return;
  static const RowsStatement statement(3, [](Dialect dialect, std::size_t rows) {
    constexpr std::string_view table = "millrace_experiment_turns";
    return insert(table, {"experiment_id", "place", "turn"}, rows) +
           (dialect == Dialect::Mysql ? " ON DUPLICATE KEY UPDATE turn = turn + 1"
                                      : " ON CONFLICT (experiment_id, place)"
                                        " DO UPDATE SET turn = millrace_experiment_turns.turn + 1");
  });
  Values values;
  for (std::int64_t place = first; place < end; ++place)
    values.insert(values.end(), {id, place, std::int64_t{1}});
  statement.execute(work, std::move(values));
}

}  // namespace

Experiment hold_active_experiment(Work& work, std::int64_t id, std::string_view created_id) {
  Experiment experiment = require_active_experiment(work, id);
  if (work.dialect() == Dialect::Sqlite) return experiment;
  const auto place = static_cast<std::int64_t>(std::hash<std::string_view>()(created_id) % kPlaces);
  count_turns(work, id, place, place + 1);
  return require_active_experiment(work, id);  // it may have gone while this waited
}

void lock_experiment(Work& work, std::int64_t id) { count_turns(work, id, 0, kPlaces); }

}  // namespace millrace::experiments
