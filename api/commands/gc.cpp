#include "api/commands/gc.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>

#include "api/rules/artifact_roots.h"
#include "artifacts/path_rules.h"
#include "store/common/clock.h"
#include "store/common/error.h"
#include "store/records/tracking.h"
#include "store/schema/prepare.h"
#include "store/text/uri.h"
#include "store/tracking/garbage.h"

namespace millrace {
namespace {

enum class Entity { Run, LoggedModel };

struct Candidate {
  Entity kind;
  Garbage item;
};

const char* name_of(Entity kind) { return kind == Entity::Run ? "Run" : "Logged model"; }

[[noreturn]] void refuse_stage(Entity kind, const std::string& id) {
  const std::string what = kind == Entity::Run ? "run" : "logged model";
  throw_invalid_parameter(std::string(name_of(kind)) + " " + id +
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

// The folder of a run or logged model, seen from the folder that it lies in, so that it can be
// removed itself.
ArtifactPlace place_of(const ArtifactRoots& roots, std::string uri) {
  while (uri.ends_with('/')) uri.pop_back();
  const std::size_t slash = uri.rfind('/');
  const std::string path = roots.is_proxied(uri) || !is_local_uri(uri) ? uri : local_path(uri);
  const std::string name = path.substr(path.rfind('/') + 1);
  if (slash == std::string::npos || name.empty() || name == "." || name == "..") {
    throw_invalid_parameter("The artifact location '" + uri + "' is no folder of its own.");
  }
  ArtifactPlace parent = roots.find(uri.substr(0, slash));
  parent.folder = path_below_root(parent.join(name));
  return parent;
}

std::uint64_t bytes_below(ArtifactStore& store, const std::string& folder) {
  std::uint64_t bytes = 0;
  for (const ArtifactEntry& entry : store.list(folder)) {
    bytes += entry.is_directory ? bytes_below(store, folder + "/" + entry.name) : entry.size;
  }
  return bytes;
}

class Collector {
 public:
  Collector(GarbageCollection& garbage, const ArtifactRoots& roots, const GcOptions& options)
      : garbage_(garbage), roots_(roots), options_(options), until_ms_(now_ms() - options.age_ms) {}

  int run() {
    choose_experiments();
    choose_runs();
    choose_logged_models();
    find_users();
    for (const Candidate& candidate : candidates_) remove(candidate);
    for (const GarbageExperiment& experiment : experiments_) remove(experiment);
    if (options_.dry_run)
      fmt::print("Nothing was deleted; {} bytes of artifacts would be.\n", bytes_);
    return failed_ ? 1 : 0;
  }

 private:
  bool too_new(std::optional<std::int64_t> changed) const {
    return !options_.older_than.empty() && (!changed || *changed > until_ms_);
  }

  void choose_experiments() {
    if (!options_.experiment_ids) {
      for (const GarbageExperiment& one : garbage_.deleted_experiments()) {
        if (options_.older_than.empty() ||
            (one.last_update_ms && *one.last_update_ms < until_ms_)) {
          experiments_.push_back(one);
        }
      }
      return;
    }
    std::vector<std::int64_t> active, young;
    for (const std::string& text : *options_.experiment_ids) {
      const GarbageExperiment one = garbage_.experiment(parse_id(text));
      if (one.lifecycle_stage != kDeleted) active.push_back(one.experiment_id);
      if (!one.last_update_ms || *one.last_update_ms >= until_ms_)
        young.push_back(one.experiment_id);
      experiments_.push_back(one);
    }
    if (!active.empty()) {
      throw_invalid_parameter("Experiments " + listed(active) +
                              " are not in the deleted lifecycle stage. Only experiments in the "
                              "deleted lifecycle stage can be hard-deleted.");
    }
    if (!options_.older_than.empty() && !young.empty())
      refuse_age("Experiments " + listed(young) + " are", "experiment", options_.older_than);
  }

  static std::int64_t parse_id(const std::string& text) {
    if (text.empty() || text.size() > 18 || text.find_first_not_of("0123456789") != text.npos)
      throw_invalid_parameter("'" + text + "' is no id of an experiment.");
    return std::stoll(text);
  }

  void choose_runs() {
    std::map<std::string, Garbage> chosen;  // each once
    const auto choose = [&](const Garbage& one) { chosen.emplace(one.id, one); };
    if (options_.run_ids) {
      for (const std::string& id : *options_.run_ids) choose(garbage_.run(id));
    } else {
      for (const Garbage& one : garbage_.deleted_runs(until_ms_)) choose(one);
    }
    for (const GarbageExperiment& experiment : experiments_) {
      auto& runs = runs_of_[experiment.experiment_id];
      runs = garbage_.runs_of(experiment.experiment_id);
      for (const Garbage& one : runs) {
        if (one.lifecycle_stage == kDeleted) {
          choose(one);
        } else {
          keep_experiment(experiment.experiment_id, "run " + one.id + " in it is active");
        }
      }
    }
    for (const auto& [id, one] : chosen) {
      if (one.lifecycle_stage != kDeleted) refuse_stage(Entity::Run, id);
      if (too_new(one.deleted_ms)) refuse_age("Run " + id + " is", "run", options_.older_than);
      candidates_.push_back({Entity::Run, one});
    }
  }

  void choose_logged_models() {
    std::map<std::string, Garbage> chosen;
    if (options_.logged_model_ids) {
      for (const std::string& id : *options_.logged_model_ids)
        chosen.emplace(id, garbage_.logged_model(id));
    } else {
      for (const Garbage& one : garbage_.deleted_logged_models(until_ms_))
        chosen.emplace(one.id, one);
    }
    for (const auto& [id, one] : chosen) {
      if (one.lifecycle_stage != kDeleted) refuse_stage(Entity::LoggedModel, id);
      if (too_new(one.deleted_ms))
        refuse_age("Logged model " + id + " is", "logged model", options_.older_than);
      candidates_.push_back({Entity::LoggedModel, one});
    }
  }

  // Those that a registered version uses, and the experiments that they lie in.
  void find_users() {
    std::vector<Garbage> items;
    for (const Candidate& candidate : candidates_) items.push_back(candidate.item);
    std::map<std::string, std::int64_t> experiment_of;
    for (const GarbageExperiment& experiment : experiments_) {
      models_of_[experiment.experiment_id] = garbage_.logged_models_of(experiment.experiment_id);
      for (const Garbage& one : runs_of_[experiment.experiment_id]) {
        experiment_of.emplace(one.id, experiment.experiment_id);
        items.push_back(one);
      }
      for (const Garbage& one : models_of_[experiment.experiment_id]) {
        experiment_of.emplace(one.id, experiment.experiment_id);
        items.push_back(one);
      }
    }
    users_ = garbage_.used_by_versions(items);
    for (const auto& [id, user] : users_) {
      const auto found = experiment_of.find(id);
      if (found != experiment_of.end()) keep_experiment(found->second, user + " uses " + id);
    }
  }

  void keep_experiment(std::int64_t id, const std::string& reason) { kept_.emplace(id, reason); }

  // Whether they are gone.
  bool remove_artifacts(const std::string& what, const std::string& uri) {
    if (uri.empty()) return true;
    try {
      const ArtifactPlace place = place_of(roots_, uri);
      if (options_.dry_run) {
        const std::uint64_t bytes = bytes_below(*place.store, place.folder);
        bytes_ += bytes;
        fmt::print("{} would be permanently deleted: {} bytes of artifacts.\n", what, bytes);
      } else {
        place.store->remove(place.folder);
      }
      return true;
    } catch (const Error& error) {
      fmt::print(stderr, "{} is kept: {}\n", what, error.what());
      failed_ = true;
      return false;
    }
  }

  void remove(const Candidate& candidate) {
    const std::string what = std::string(name_of(candidate.kind)) + " with ID " + candidate.item.id;
    const auto user = users_.find(candidate.item.id);
    if (user != users_.end()) {
      fmt::print(stderr, "{} is kept: {} uses it.\n", what, user->second);
      return;
    }
    if (!remove_artifacts(what, candidate.item.artifact_uri)) {
      stuck_.insert({candidate.item.id, what});
      return;
    }
    removed_.insert({candidate.item.id, what});
    if (options_.dry_run) return;
    if (candidate.kind == Entity::Run) {
      garbage_.remove_run(candidate.item.id);
    } else {
      garbage_.remove_logged_model(candidate.item.id);
    }
    fmt::print("{} has been permanently deleted.\n", what);
  }

  // With its logged models, which go with it whatever their stage.
  void remove(const GarbageExperiment& experiment) {
    const std::int64_t id = experiment.experiment_id;
    for (const Garbage& one : runs_of_[id]) {
      if (stuck_.count(one.id) != 0) keep_experiment(id, "run " + one.id + " in it is kept");
    }
    const std::string what = "Experiment with ID " + std::to_string(id);
    if (!kept_.contains(id)) {
      for (const Garbage& model : models_of_[id]) {
        const std::string name = "Logged model with ID " + model.id;
        if (removed_.count(model.id) == 0 && !remove_artifacts(name, model.artifact_uri))
          keep_experiment(id, "logged model " + model.id + " in it is kept");
      }
    }
    const auto kept = kept_.find(id);
    if (kept != kept_.end()) {
      fmt::print(stderr, "{} is kept: {}.\n", what, kept->second);
    } else if (options_.dry_run) {
      fmt::print("{} would be permanently deleted.\n", what);
    } else {
      garbage_.remove_experiment(id);
      fmt::print("{} has been permanently deleted.\n", what);
    }
  }

  GarbageCollection& garbage_;
  const ArtifactRoots& roots_;
  const GcOptions& options_;
  const std::int64_t until_ms_;
  std::vector<Candidate> candidates_;
  std::vector<GarbageExperiment> experiments_;
  std::map<std::int64_t, std::vector<Garbage>> runs_of_, models_of_;  // by experiment
  std::map<std::string, std::string> users_;  // id: the version that uses it
  std::map<std::int64_t, std::string> kept_;  // experiment: why
  std::map<std::string, std::string> removed_, stuck_;
  std::uint64_t bytes_ = 0;
  bool failed_ = false;
};

}  // namespace

int collect_garbage(const Config& config, const GcOptions& options) {
  Db tracking(DbOptions{config.backend_store_uri, config.pool});
  prepare_schema(tracking, std::nullopt);
  const bool separate = config.registry_store_uri != config.backend_store_uri;
  const auto registry =
      separate ? std::make_unique<Db>(DbOptions{config.registry_store_uri, config.pool}) : nullptr;
  if (separate) prepare_schema(*registry, std::nullopt);
  GarbageCollection garbage(tracking, separate ? *registry : tracking);
  const ArtifactRoots roots(config);
  return Collector(garbage, roots, options).run();
}

}  // namespace millrace
