// Runs, their tags, inputs and outputs: one function per operation of MLflow's tracking
// SqlAlchemyStore, over the unit of work that it is a part of. Keys, values and numbers arrive
// validated (api/handlers); what needs data is checked here.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "store/db/work.h"
#include "store/records/tracking.h"
#include "store/search/runs.h"

namespace millrace::tracking {

// A run to be created. Its tags are stored as they are given.
struct NewRun {
  std::int64_t experiment_id = 0;
  std::string experiment_text;  // the id as the client spelled it, which the answer repeats
  std::string user_id;
  std::string run_name;  // "": that of the tag mlflow.runName, or one is made up
  std::int64_t start_time = 0;
  std::vector<Tag> tags;
};

// What update_run_info may change.
struct RunChanges {
  std::optional<std::string> status;
  std::optional<std::int64_t> end_time;
  std::string run_name;
};

// One that takes a run_id throws RESOURCE_DOES_NOT_EXIST "Run with id=... not found".

// create_run: the artifacts lie at <run id>/artifacts below the experiment's location. Throws
// RESOURCE_DOES_NOT_EXIST for a missing experiment; INVALID_PARAMETER_VALUE for one that is not
// active, a location that `join` refuses, or two names; BAD_REQUEST for a tag given twice and for
// an id that Python takes for a number and the database does not.
Run create_run(Work& work, const NewRun& run, JoinLocation join);

// create_run in several units of work, for so many tags that others would wait: the run without
// its tags, then these in portions, then what makes it an active run. Until then it is a deleted
// run, which is what is left of one when the process dies; where something is refused it can be
// dropped. `tags`: keys that the run has not.
Run begin_run(Work& work, const NewRun& run, JoinLocation join);
void add_new_tags(Work& work, const std::string& run_id, std::span<const Tag> tags);
void finish_run(Work& work, const std::string& run_id, std::int64_t experiment_id);
void drop_begun_run(Work& work, const std::string& run_id);

// get_run, in whatever stage.
Run get_run(Work& work, const std::string& run_id);

// delete_run: marks the run deleted and stamps it, even if it was deleted already. Takes the
// assessments along that the run made.
void delete_run(Work& work, const std::string& run_id);

// restore_run, whatever the stage.
void restore_run(Work& work, const std::string& run_id);

// All functions below throw INVALID_PARAMETER_VALUE "The run ... must be in the 'active' state.
// Current state is deleted."

// update_run_info: sets what is given; no run_name and "" are the same.
RunInfo update_run(Work& work, const std::string& run_id, const RunChanges& changes);

// set_tag: adds or replaces; mlflow.runName renames the run, but not to "". Concurrent calls for
// one new key all succeed.
void set_run_tag(Work& work, const std::string& run_id, const Tag& tag);

// The tag's value, if there is one.
std::optional<std::string> get_run_tag(Work& work, const std::string& run_id,
                                       const std::string& key);

// Sets a tag if its value is `expected`, or if there is none and none is expected; returns whether
// it was. So that what takes time can be made of a value outside of the transaction.
bool replace_run_tag(Work& work, const std::string& run_id, const std::string& key,
                     const std::optional<std::string>& expected, const std::string& value);

// delete_tag. Throws RESOURCE_DOES_NOT_EXIST for a key that the run has not.
void delete_run_tag(Work& work, const std::string& run_id, const std::string& key);

// log_inputs. A dataset is one for its experiment, name and digest: the first one's other fields
// stay. One that is an input already keeps its tags. Models need not exist. Throws BAD_REQUEST
// for a tag given twice. Concurrent calls for one new dataset all succeed.
void log_inputs(Work& work, const std::string& run_id, const std::vector<DatasetInput>& datasets,
                const std::vector<std::string>& models);

// log_outputs. Models need not exist. Throws BAD_REQUEST, and logs none, when one is an output of
// the run already or given twice.
void log_outputs(Work& work, const std::string& run_id, const std::vector<ModelOutput>& models);

// Gives one page of the runs to `row`, without model_inputs, and returns whether more follow. No
// experiments have no runs. Throws as search::runs_query.
bool search_runs(Work& work, const search::RunSearch& parsed, const search::RunScope& scope,
                 std::int64_t max_results, std::int64_t offset,
                 const std::function<void(const Run&)>& row);

}  // namespace millrace::tracking
