#include "store/tracking/garbage.h"

#include <string_view>
#include <utility>

#include "store/common/error.h"
#include "store/records/tracking.h"

namespace millrace::tracking {
namespace {

using GarbageText = std::optional<std::string>;
using GarbageTime = std::optional<std::int64_t>;

std::string select_of(GarbageKind kind) {
  return kind == GarbageKind::Run
             ? "SELECT r.run_uuid, r.artifact_uri, r.lifecycle_stage, r.deleted_time FROM runs r"
             : "SELECT m.model_id, m.artifact_location, m.lifecycle_stage,"
               " m.last_updated_timestamp_ms FROM logged_models m";
}

std::vector<Garbage> garbage_where(Work& work, GarbageKind kind, std::string_view condition,
                                   const Values& values) {
  std::vector<Garbage> found;
  work.each<std::string, GarbageText, GarbageText, GarbageTime>(
      select_of(kind) + " WHERE " + std::string(condition), values,
      [&](std::string id, GarbageText uri, GarbageText stage, GarbageTime deleted) {
        found.push_back({kind, std::move(id), uri.value_or(""), stage.value_or(""), deleted});
      });
  return found;
}

Garbage the_one(std::vector<Garbage> found, const std::string& what) {
  if (found.empty()) throw Error(ErrorCode::ResourceDoesNotExist, what + " not found");
  return std::move(found.front());
}

std::vector<GarbageExperiment> experiments_where(Work& work, const std::string& condition,
                                                 const Values& values) {
  std::vector<GarbageExperiment> found;
  work.each<std::int64_t, GarbageText, GarbageTime>(
      "SELECT e.experiment_id, e.lifecycle_stage, e.last_update_time FROM experiments e WHERE " +
          condition,
      values, [&](std::int64_t id, const GarbageText& stage, GarbageTime changed) {
        found.push_back({id, stage.value_or(""), changed});
      });
  return found;
}

// Empty when the rules allow to remove it.
std::string reason_to_keep(const std::string& stage, GarbageTime deleted,
                           const RemovalRules& rules) {
  if (stage != kDeleted) return "it is not deleted any more";
  if (rules.until_ms && (!deleted || *deleted > *rules.until_ms)) {
    return "it was deleted anew since";
  }
  return "";
}

Removal kept(std::string reason) { return {Removal::Outcome::Kept, std::move(reason), {}}; }

// The row of a run or model, which stays as it was read until the end of the transaction. On other
// nodes of a cluster it is the removal of the row that a restore conflicts with.
std::optional<Garbage> locked(Work& work, GarbageKind kind, const std::string& id) {
  auto found = garbage_where(work, kind,
                             (kind == GarbageKind::Run ? "r.run_uuid = :id" : "m.model_id = :id") +
                                 std::string(row_lock(work.dialect())),
                             {id});
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

void add_trash(Work& work, const Garbage& item, Removal& removal) {
  if (item.artifact_uri.empty()) return;
  removal.trash.push_back({item.kind, item.id, item.artifact_uri, work.now()});
}

}  // namespace

std::vector<Garbage> deleted_runs(Work& work, std::int64_t until_ms) {
  return garbage_where(
      work, GarbageKind::Run,
      "r.lifecycle_stage = 'deleted' AND r.deleted_time <= :until ORDER BY r.run_uuid", {until_ms});
}

std::vector<Garbage> deleted_logged_models(Work& work, std::int64_t until_ms) {
  return garbage_where(work, GarbageKind::LoggedModel,
                       "m.lifecycle_stage = 'deleted' AND m.last_updated_timestamp_ms <= :until"
                       " ORDER BY m.model_id",
                       {until_ms});
}

std::vector<GarbageExperiment> deleted_experiments(Work& work) {
  return experiments_where(work,
                           "e.lifecycle_stage = 'deleted' AND e.workspace = :workspace"
                           " ORDER BY e.experiment_id",
                           {kWorkspace});
}

Garbage garbage_run(Work& work, const std::string& run_id) {
  return the_one(garbage_where(work, GarbageKind::Run, "r.run_uuid = :id", {run_id}),
                 "Run with id=" + run_id);
}

Garbage garbage_logged_model(Work& work, const std::string& model_id) {
  return the_one(garbage_where(work, GarbageKind::LoggedModel, "m.model_id = :id", {model_id}),
                 "Logged model with ID '" + model_id + "'");
}

GarbageExperiment garbage_experiment(Work& work, std::int64_t experiment_id) {
  const auto found = experiments_where(work, "e.experiment_id = :id AND e.workspace = :workspace",
                                       {experiment_id, kWorkspace});
  if (!found.empty()) return found.front();
  throw Error(ErrorCode::ResourceDoesNotExist,
              "No Experiment with id=" + std::to_string(experiment_id) + " exists");
}

std::vector<Garbage> garbage_runs_of(Work& work, std::int64_t experiment_id) {
  return garbage_where(work, GarbageKind::Run, "r.experiment_id = :id ORDER BY r.run_uuid",
                       {experiment_id});
}

std::vector<Garbage> garbage_logged_models_of(Work& work, std::int64_t experiment_id) {
  return garbage_where(work, GarbageKind::LoggedModel, "m.experiment_id = :id ORDER BY m.model_id",
                       {experiment_id});
}

Removal hard_delete_run(Work& work, const std::string& run_id, const RemovalRules& rules) {
  const std::optional<Garbage> run = locked(work, GarbageKind::Run, run_id);
  if (!run) return {};
  std::string reason = reason_to_keep(run->lifecycle_stage, run->deleted_ms, rules);
  if (!reason.empty()) return kept(std::move(reason));
  if (rules.registry_is_here) {
    const auto user = version_of_run(work, run_id);
    if (user) return kept(*user + " uses it");
  }
  for (const char* table : {"metrics", "latest_metrics", "params", "tags", "runs"}) {
    work.execute("DELETE FROM " + std::string(table) + " WHERE run_uuid = :id", {run_id});
  }
  Removal removal{.outcome = Removal::Outcome::Removed};
  add_trash(work, *run, removal);
  put_into_trash(work, removal.trash);
  return removal;
}

// Versions are not asked here: none can be made of a logged model that is deleted.
Removal hard_delete_logged_model(Work& work, const std::string& model_id,
                                 const RemovalRules& rules) {
  const std::optional<Garbage> model = locked(work, GarbageKind::LoggedModel, model_id);
  if (!model) return {};
  std::string reason = reason_to_keep(model->lifecycle_stage, model->deleted_ms, rules);
  if (!reason.empty()) return kept(std::move(reason));
  for (const char* table :
       {"logged_model_metrics", "logged_model_params", "logged_model_tags", "logged_models"}) {
    work.execute("DELETE FROM " + std::string(table) + " WHERE model_id = :id", {model_id});
  }
  Removal removal{.outcome = Removal::Outcome::Removed};
  add_trash(work, *model, removal);
  put_into_trash(work, removal.trash);
  return removal;
}

Removal hard_delete_experiment(Work& work, std::int64_t experiment_id, const RemovalRules& rules) {
  const auto found = experiments_where(
      work, "e.experiment_id = :id" + std::string(row_lock(work.dialect())), {experiment_id});
  if (found.empty()) return {};
  std::string reason =
      reason_to_keep(found.front().lifecycle_stage, found.front().last_update_ms, rules);
  if (!reason.empty()) return kept(std::move(reason));
  const auto run = work.first<std::string>(
      "SELECT r.run_uuid FROM runs r WHERE r.experiment_id = :id LIMIT 1", {experiment_id});
  if (run) return kept("run " + std::get<0>(*run) + " is in it");
  Removal removal{.outcome = Removal::Outcome::Removed};
  for (const Garbage& model : garbage_logged_models_of(work, experiment_id)) {
    add_trash(work, model, removal);
  }
  put_into_trash(work, removal.trash);
  // Those whose key to the experiment does not cascade, or that have none, children first.
  for (const char* table :
       {"logged_model_metrics", "logged_model_params", "logged_model_tags", "logged_models",
        "online_scoring_configs", "spans", "trace_info", "experiment_tags",
        "sql_trace_rollup_rebuild_queue", "sql_trace_metric_daily_rollups",
        "sql_span_cost_daily_rollups", "sql_assessment_daily_rollups", "millrace_experiment_turns",
        "experiments"}) {
    work.execute("DELETE FROM " + std::string(table) + " WHERE experiment_id = :id",
                 {experiment_id});
  }
  return removal;
}

}  // namespace millrace::tracking
