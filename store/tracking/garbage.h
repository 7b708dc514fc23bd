// What `mlflow gc` removes for good: deleted runs, experiments and logged models. The rows; the
// artifacts are the caller's. Ids that are not there throw RESOURCE_DOES_NOT_EXIST.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "store/db/database.h"

namespace millrace {

// A run or logged model that may be removed.
struct Garbage {
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

class GarbageCollection {
 public:
  // `registry` may be the same database.
  GarbageCollection(Db& tracking, Db& registry) : tracking_(tracking), registry_(registry) {}

  // _get_deleted_runs, _get_deleted_logged_models: those deleted at `until_ms` or earlier.
  std::vector<Garbage> deleted_runs(std::int64_t until_ms);
  std::vector<Garbage> deleted_logged_models(std::int64_t until_ms);
  std::vector<GarbageExperiment> deleted_experiments();

  // In whatever stage.
  Garbage run(const std::string& run_id);
  Garbage logged_model(const std::string& model_id);
  GarbageExperiment experiment(std::int64_t experiment_id);
  std::vector<Garbage> runs_of(std::int64_t experiment_id);
  std::vector<Garbage> logged_models_of(std::int64_t experiment_id);

  // Those of `items` that a version in the registry still needs, by id, with the version's name:
  // "version 3 of model 'x'". A version needs the run that it names, and what its source or
  // storage location lies in or names by its id.
  std::map<std::string, std::string> used_by_versions(const std::vector<Garbage>& items);

  // _hard_delete_run, _hard_delete_logged_model, _hard_delete_experiment: with all rows that MLflow
  // removes with it. What is not deleted (any more) throws INVALID_STATE and stays.
  void remove_run(const std::string& run_id);
  void remove_logged_model(const std::string& model_id);
  // Its runs and logged models go along.
  void remove_experiment(std::int64_t experiment_id);

 private:
  Db& tracking_;
  Db& registry_;
};

}  // namespace millrace
