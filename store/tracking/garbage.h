// What `mlflow gc` removes for good: deleted runs, logged models and experiments. Their rows go,
// and what is to be deleted of them is written into millrace_trash (trash.h) in the same
// transaction; the files are the caller's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/tracking/trash.h"
#include "store/tracking/version_users.h"

namespace millrace::tracking {

// A run or logged model.
struct Garbage {
  GarbageKind kind = GarbageKind::Run;
  std::string id;
  std::string artifact_uri;
  std::string lifecycle_stage;
  std::optional<std::int64_t> deleted_ms;  // since the epoch; a model's last change
};

struct GarbageExperiment {
  std::int64_t experiment_id = 0;
  std::string lifecycle_stage;
  std::optional<std::int64_t> last_update_ms;
};

// _get_deleted_runs, _get_deleted_logged_models: those deleted at `until_ms` or earlier, by id.
std::vector<Garbage> deleted_runs(Work& work, std::int64_t until_ms);
std::vector<Garbage> deleted_logged_models(Work& work, std::int64_t until_ms);
std::vector<GarbageExperiment> deleted_experiments(Work& work);

// In whatever stage. Throw RESOURCE_DOES_NOT_EXIST.
Garbage garbage_run(Work& work, const std::string& run_id);
Garbage garbage_logged_model(Work& work, const std::string& model_id);
GarbageExperiment garbage_experiment(Work& work, std::int64_t experiment_id);
std::vector<Garbage> garbage_runs_of(Work& work, std::int64_t experiment_id);
std::vector<Garbage> garbage_logged_models_of(Work& work, std::int64_t experiment_id);

// What must still hold when something is removed.
struct RemovalRules {
  // Deleted at this time or earlier, in ms since the epoch; nothing: at any time.
  std::optional<std::int64_t> until_ms = {};
  // Whether the registered versions lie in the same database, and so can be asked here.
  bool registry_is_here = true;
};

struct Removal {
  enum class Outcome {
    Removed,
    Kept,  // as it was: `reason`
    Gone,  // another has removed it
  };
  Outcome outcome = Outcome::Gone;
  std::string reason = {};        // "it is not deleted any more"
  std::vector<Trash> trash = {};  // what is to be deleted now; nothing where no place is known
};

// _hard_delete_run, _hard_delete_logged_model, _hard_delete_experiment: with all rows that MLflow
// removes with it. Each claims its row first, so that a restore at the same moment either comes
// first, and it is kept, or does not find it any more.
//
// Of the versions only what a single row tells is asked again: those that name the run. What else
// uses an item must have been asked before (UseQuestions), and what comes in between must be found
// before the files are deleted.
Removal hard_delete_run(Work& work, const std::string& run_id, const RemovalRules& rules);
Removal hard_delete_logged_model(Work& work, const std::string& model_id,
                                 const RemovalRules& rules);
// With its logged models, whatever their stage. Its runs must have been removed: one that is there
// keeps the experiment.
Removal hard_delete_experiment(Work& work, std::int64_t experiment_id, const RemovalRules& rules);

}  // namespace millrace::tracking
