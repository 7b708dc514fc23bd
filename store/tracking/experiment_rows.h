// Reads and errors that the operations on experiments, runs and logged models share. Everything
// here runs inside a body of the caller.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/db/work.h"
#include "store/records/tracking.h"

namespace millrace::experiments {

// RESOURCE_DOES_NOT_EXIST "No Experiment with id=... exists".
[[noreturn]] void throw_no_experiment(std::int64_t id);

// SqlAlchemyStore._get_experiment, without the tags: in whatever stage. Throws
// throw_no_experiment's error.
Experiment require_experiment(Work& work, std::int64_t id);

// The same, and _check_experiment_is_active: INVALID_PARAMETER_VALUE "The experiment ... must be in
// the 'active' state. Current state is deleted."
Experiment require_active_experiment(Work& work, std::int64_t id);

// For a row that is inserted with the id as the client spelled it: BAD_REQUEST for what Python
// takes for a number and a database does not, as "1_0", and for "", which stands for the default.
void require_sql_integer(std::string_view experiment_text);

// The tags of one experiment, in MLflow's order: insertion on SQLite, else key.
std::vector<Tag> load_tags(Work& work, std::int64_t id);

// The select list that each_experiment reads, of experiments under the alias e.
inline constexpr std::string_view kColumns =
    "e.experiment_id, e.name, e.artifact_location, e.lifecycle_stage, e.creation_time,"
    " e.last_update_time";

// Runs `sql`, whose select list is kColumns and then columns of the types More, and calls
// `row(Experiment, more...)`.
template <class... More, class Row>
void each_experiment(Work& work, std::string_view sql, const Values& values, Row&& row) {
  using Text = std::optional<std::string>;
  using Integer = std::optional<std::int64_t>;
  work.each<std::int64_t, std::string, Text, Text, Integer, Integer, More...>(
      sql, values,
      [&row](std::int64_t id, std::string name, Text location, Text stage, Integer created,
             Integer updated, More... more) {
        row(Experiment{.experiment_id = id,
                       .name = std::move(name),
                       .artifact_location = std::move(location),
                       .lifecycle_stage = std::move(stage).value_or(""),
                       .creation_time = created,
                       .last_update_time = updated,
                       .tags = {}},
            std::move(more)...);
      });
}

}  // namespace millrace::experiments
