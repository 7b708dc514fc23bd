#include "api/commands/gc_selection.h"

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "store/common/error.h"
#include "store/records/tracking.h"

namespace millrace {
namespace {

using Kind = GarbageCandidate::Kind;
using tracking::Garbage;
using tracking::GarbageExperiment;

const char* name_of_kind(Kind kind) {
  return kind == Kind::Run ? "Run" : kind == Kind::LoggedModel ? "Logged model" : "Experiment";
}

[[noreturn]] void refuse_stage(Kind kind, const std::string& id) {
  const std::string what = kind == Kind::Run ? "run" : "logged model";
  throw_invalid_parameter(std::string(name_of_kind(kind)) + " " + id +
                          " is not in `deleted` lifecycle stage. Only " + what +
                          "s in `deleted` lifecycle stage can be deleted.");
}

[[noreturn]] void refuse_age(const std::string& which, const std::string& what,
                             const std::string& older_than) {
  throw_invalid_parameter(which + " not older than the required age. Only " + what +
                          "s older than " + older_than + " can be deleted.");
}

// Python's list of strings.
std::string listed(const std::vector<std::int64_t>& ids) {
  std::string text;
  for (const std::int64_t id : ids) text += (text.empty() ? "'" : ", '") + std::to_string(id) + "'";
  return "[" + text + "]";
}

std::int64_t parse_experiment_id(const std::string& text) {
  if (text.empty() || text.size() > 18 || text.find_first_not_of("0123456789") != text.npos)
    throw_invalid_parameter("'" + text + "' is no id of an experiment.");
  return std::stoll(text);
}

class GarbageSelection {
 public:
  GarbageSelection(Work& work, const GcOptions& options, std::int64_t until_ms)
      : work_(work), options_(options), until_ms_(until_ms) {}

  std::vector<GarbageCandidate> choose() {
    choose_experiments();
    choose_runs();
    choose_logged_models();
    for (GarbageCandidate& experiment : experiments_) chosen_.push_back(std::move(experiment));
    return std::move(chosen_);
  }

 private:
  void choose_experiments() {
    if (!options_.experiment_ids) {
      for (const GarbageExperiment& one : tracking::deleted_experiments(work_)) {
        if (options_.older_than.empty() || is_old(one)) add_experiment(one);
      }
      return;
    }
    std::vector<std::int64_t> active, young;
    for (const std::string& text : *options_.experiment_ids) {
      const auto one = tracking::garbage_experiment(work_, parse_experiment_id(text));
      if (one.lifecycle_stage != kDeleted) active.push_back(one.experiment_id);
      if (!is_old(one)) young.push_back(one.experiment_id);
      add_experiment(one);
    }
    if (!active.empty()) {
      throw_invalid_parameter("Experiments " + listed(active) +
                              " are not in the deleted lifecycle stage. Only experiments in the "
                              "deleted lifecycle stage can be hard-deleted.");
    }
    if (!options_.older_than.empty() && !young.empty())
      refuse_age("Experiments " + listed(young) + " are", "experiment", options_.older_than);
  }

  bool is_old(const GarbageExperiment& one) const {
    return one.last_update_ms && *one.last_update_ms < until_ms_;
  }

  void add_experiment(const GarbageExperiment& one) {
    if (!known_experiments_.insert(one.experiment_id).second) return;
    GarbageCandidate candidate{.kind = Kind::Experiment, .id = std::to_string(one.experiment_id)};
    candidate.experiment_id = one.experiment_id;
    candidate.parts = tracking::garbage_logged_models_of(work_, one.experiment_id);
    experiments_.push_back(std::move(candidate));
  }

  void choose_runs() {
    std::map<std::string, Garbage> runs;  // each once
    const auto choose = [&](Garbage&& one) { runs.emplace(one.id, std::move(one)); };
    if (options_.run_ids) {
      for (const std::string& id : *options_.run_ids) choose(tracking::garbage_run(work_, id));
    } else {
      for (Garbage& one : tracking::deleted_runs(work_, until_ms_)) choose(std::move(one));
    }
    for (GarbageCandidate& experiment : experiments_) {
      for (Garbage& one : tracking::garbage_runs_of(work_, experiment.experiment_id)) {
        if (one.lifecycle_stage != kDeleted) {
          experiment.kept_because = "run " + one.id + " in it is active";
          continue;
        }
        experiment.run_ids.push_back(one.id);
        choose(std::move(one));
      }
    }
    for (auto& [id, one] : runs) add(Kind::Run, std::move(one));
  }

  void choose_logged_models() {
    std::map<std::string, Garbage> models;
    if (options_.logged_model_ids) {
      for (const std::string& id : *options_.logged_model_ids)
        models.emplace(id, tracking::garbage_logged_model(work_, id));
    } else {
      for (Garbage& one : tracking::deleted_logged_models(work_, until_ms_))
        models.emplace(one.id, std::move(one));
    }
    for (auto& [id, one] : models) add(Kind::LoggedModel, std::move(one));
  }

  void add(Kind kind, Garbage one) {
    if (one.lifecycle_stage != kDeleted) refuse_stage(kind, one.id);
    const bool young = !one.deleted_ms || *one.deleted_ms > until_ms_;
    if (!options_.older_than.empty() && young) {
      refuse_age(std::string(name_of_kind(kind)) + " " + one.id + " is",
                 kind == Kind::Run ? "run" : "logged model", options_.older_than);
    }
    GarbageCandidate candidate{.kind = kind, .id = one.id};
    candidate.parts.push_back(std::move(one));
    chosen_.push_back(std::move(candidate));
  }

  Work& work_;
  const GcOptions& options_;
  const std::int64_t until_ms_;
  std::vector<GarbageCandidate> chosen_, experiments_;
  std::set<std::int64_t> known_experiments_;
};

}  // namespace

std::string GarbageCandidate::what() const {
  return std::string(name_of_kind(kind)) + " with ID " + id;
}

std::vector<GarbageCandidate> select_garbage(Db& tracking, const GcOptions& options,
                                             std::int64_t until_ms) {
  return tracking.read(
      [&](Work& work) { return GarbageSelection(work, options, until_ms).choose(); });
}

}  // namespace millrace
