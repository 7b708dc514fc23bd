// Reads and errors that the operations on runs share. Everything here runs inside a body of the
// caller.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/db/key_spelling.h"
#include "store/db/work.h"
#include "store/records/tracking.h"
#include "store/search/filled_page.h"

namespace millrace::runs {

// RESOURCE_DOES_NOT_EXIST "Run with id=... not found".
[[noreturn]] void throw_no_run(const std::string& run_id);

// SqlAlchemyStore._get_run, the columns of the table alone: run_name is not looked for among the
// tags. Throws throw_no_run's error.
RunInfo require_run(Work& work, const std::string& run_id);

// The same, and _check_run_is_active: INVALID_PARAMETER_VALUE "The run ... must be in the 'active'
// state. Current state is deleted."
RunInfo require_active_run(Work& work, const std::string& run_id);

// The tag that holds the run's name once more.
inline constexpr const char* kNameTag = "mlflow.runName";

// What update_run_info makes of a name: the run's column and its tag. "" changes nothing.
void write_name(Work& work, const std::string& run_id, const std::string& name);

// Adds or replaces tags, of which none is kNameTag; each key once. A tag that MySQL finds equal to
// one that is stored under another spelling takes its place, spelling and all, as by MLflow's
// set_tag; write_spelled_tags refuses it, and two such tags (throw_same_key), as MLflow's
// log_batch.
void write_tags(Work& work, const std::string& run_id, const std::vector<Tag>& tags);
void write_spelled_tags(Work& work, const std::string& run_id, const std::vector<Tag>& tags);

WrittenKeys written_tags(const std::string& run_id, std::span<const Tag> tags);

// SqlAlchemyStore.get_run: the whole run, in whatever stage. Throws throw_no_run's error.
Run load_run(Work& work, const std::string& run_id);

// Reads all but the infos of runs, which are there, in a fixed number of statements. Metrics,
// params and tags come in MLflow's order: insertion on SQLite, else key. A run without a name takes
// that of its tag mlflow.runName. model_inputs stays empty, as in SqlAlchemyStore._search_runs. At
// most a few hundred runs: each id is a bound value. Of very large ones the last are left out.
void add_contents(Work& work, search::FilledItems<Run>& runs);
// Leaves the info.
void drop_contents(Run& run);

// Runs with these ids, in the order of the ids, that have nothing but their infos yet. As many as
// add_contents takes.
std::vector<Run> load_infos(Work& work, std::span<const std::string> ids);

// The select list that each_info reads, of runs under the alias r.
inline constexpr std::string_view kInfoColumns =
    "r.run_uuid, r.experiment_id, r.name, r.user_id, r.status, r.start_time, r.end_time,"
    " r.artifact_uri, r.lifecycle_stage";

// Runs `sql`, whose select list is kInfoColumns, and calls `row(RunInfo)`.
template <class Row>
void each_info(Work& work, std::string_view sql, const Values& values, Row&& row) {
  using Text = std::optional<std::string>;
  using Integer = std::optional<std::int64_t>;
  work.each<std::string, Integer, Text, Text, Text, Integer, Integer, Text, Text>(
      sql, values,
      [&row](std::string run_id, Integer experiment_id, Text name, Text user_id, Text status,
             Integer start_time, Integer end_time, Text artifact_uri, Text lifecycle_stage) {
        row(RunInfo{.run_id = std::move(run_id),
                    .experiment_id = experiment_id ? std::to_string(*experiment_id) : "",
                    .run_name = std::move(name).value_or(""),
                    .user_id = std::move(user_id).value_or(""),
                    .status = std::move(status).value_or(""),
                    .start_time = start_time,
                    .end_time = end_time,
                    .artifact_uri = std::move(artifact_uri).value_or(""),
                    .lifecycle_stage = std::move(lifecycle_stage).value_or("")});
      });
}

}  // namespace millrace::runs
