#include "api/commands/gc.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <set>
#include <thread>
#include <utility>

#include "api/commands/artifact_removal.h"
#include "api/commands/gc_selection.h"
#include "store/common/clock.h"
#include "store/common/error.h"
#include "store/schema/additive_indexes.h"
#include "store/schema/catalog.h"
#include "store/schema/own_tables.h"
#include "store/schema/prepare.h"
#include "store/tracking/garbage.h"
#include "store/tracking/registries.h"

namespace millrace {
namespace {

using tracking::Garbage;
using tracking::Removal;
using tracking::Trash;
using tracking::UseQuestions;
using tracking::VersionUsers;

// How many items go together in the first portion, and how much the next ones grow. For each there
// are two looks at all versions, so that few portions keep the whole linear in both.
constexpr std::size_t kFirstPortion = 1000;
constexpr std::size_t kGrowth = 2;
// model-versions/create looks for the run, and a moment later stores the version, in the registry's
// database, which may be another one. A version whose request has found a run just before the run
// was removed is there after this time, and its artifacts are then kept. What remains is one whose
// request takes longer between the two than this: to refuse that, its own transaction would have to
// lock the run's row, which only a registry in the same database can.
constexpr std::chrono::seconds kSettling{1};
// Of which the trash is told in one transaction that their files are gone.
constexpr std::size_t kForgotten = 200;

// What was removed, and what is to be deleted of it.
struct Removed {
  std::string what;  // "Run with ID x"
  std::vector<Trash> trash = {};
  bool needs_all = true;  // whether it is told of as deleted only once the files are, too
};

class GarbageCollector {
 public:
  GarbageCollector(Db& tracking, Db* registry, ArtifactRemoval& artifacts, const GcOptions& options)
      : tracking_(tracking),
        registry_(registry),
        artifacts_(artifacts),
        options_(options),
        until_ms_(now_ms() - options.age_ms) {
    if (!options.older_than.empty()) rules_.until_ms = until_ms_;
    rules_.registry_is_here = registry == nullptr;
  }

  int run(const std::vector<Trash>& left) {
    std::vector<GarbageCandidate> candidates = select_garbage(tracking_, options_, until_ms_);
    UseQuestions questions;
    for (const Trash& item : left) questions.add(item.id, item.artifact_uri);
    for (const GarbageCandidate& one : candidates) add_parts(one, questions);
    const VersionUsers users = users_of(questions);
    for (GarbageCandidate& one : candidates) {
      if (reason_of(one, users).empty()) look_for_artifacts(one);
    }
    if (options_.dry_run) {
      tell(left, candidates, users);
    } else {
      work_off(left);
      remove_all(candidates);
    }
    return failed_ ? 1 : 0;
  }

 private:
  // Refuses everything where artifacts cannot be reached; keeps what has them at a place that is
  // not for this program to touch.
  void look_for_artifacts(GarbageCandidate& candidate) {
    for (const Garbage& part : candidate.parts) {
      if (part.artifact_uri.empty()) continue;
      try {
        artifacts_.require_reachable(part.artifact_uri);
      } catch (const UnreachableArtifacts& error) {
        throw UnreachableArtifacts(candidate.what() + ": " + error.message() +
                                   " Nothing was deleted.");
      } catch (const Error& error) {
        candidate.kept_because = error.message();
        failed_ = true;
        return;
      }
    }
  }

  static void add_parts(const GarbageCandidate& candidate, UseQuestions& questions) {
    for (const Garbage& part : candidate.parts) questions.add(part.id, part.artifact_uri);
  }

  VersionUsers users_of(const UseQuestions& questions) {
    if (questions.empty()) return {};
    Db& registry = registry_ == nullptr ? tracking_ : *registry_;
    return registry.read([&](Work& work) { return questions.answer(work); });
  }

  void keep(const GarbageCandidate& candidate, std::string reason) {
    if (!reason.ends_with('.')) reason += '.';
    fmt::print(stderr, "{} is kept: {}\n", candidate.what(), reason);
    if (candidate.kind == GarbageCandidate::Kind::Run) kept_runs_.insert(candidate.id);
  }

  // Why it stays by what is known of it and of others; empty when it may go.
  std::string reason_of(const GarbageCandidate& candidate, const VersionUsers& users) const {
    if (!candidate.kept_because.empty()) return candidate.kept_because;
    const bool is_experiment = candidate.kind == GarbageCandidate::Kind::Experiment;
    for (const Garbage& part : candidate.parts) {
      const auto user = users.find(part.id);
      if (user != users.end()) return user->second + " uses " + (is_experiment ? part.id : "it");
    }
    for (const std::string& run_id : candidate.run_ids) {
      if (kept_runs_.contains(run_id)) return "run " + run_id + " in it is kept";
    }
    return "";
  }

  void remove_all(const std::vector<GarbageCandidate>& candidates) {
    std::size_t size = kFirstPortion;
    for (std::size_t begin = 0; begin < candidates.size(); size *= kGrowth) {
      const std::size_t end = std::min(begin + size, candidates.size());
      UseQuestions questions;
      for (std::size_t i = begin; i < end; ++i) add_parts(candidates[i], questions);
      const VersionUsers users = users_of(questions);
      std::vector<Removed> removed;
      for (; begin < end; ++begin) remove_rows(candidates[begin], users, removed);
      delete_files(removed);
    }
  }

  void remove_rows(const GarbageCandidate& candidate, const VersionUsers& users,
                   std::vector<Removed>& removed) {
    std::string reason = reason_of(candidate, users);
    if (reason.empty() && registry_ != nullptr && candidate.kind == GarbageCandidate::Kind::Run) {
      const auto user =
          registry_->read([&](Work& work) { return tracking::version_of_run(work, candidate.id); });
      if (user) reason = *user + " uses it";
    }
    if (!reason.empty()) return keep(candidate, std::move(reason));
    Removal removal = hard_delete(candidate);
    if (removal.outcome == Removal::Outcome::Kept)
      return keep(candidate, std::move(removal.reason));
    if (removal.outcome == Removal::Outcome::Gone) return;
    removed.push_back({candidate.what(), std::move(removal.trash),
                       candidate.kind != GarbageCandidate::Kind::Experiment});
  }

  Removal hard_delete(const GarbageCandidate& candidate) {
    switch (candidate.kind) {
      case GarbageCandidate::Kind::Run:
        return tracking_.write(
            [&](Work& work) { return tracking::hard_delete_run(work, candidate.id, rules_); });
      case GarbageCandidate::Kind::LoggedModel:
        return tracking_.write([&](Work& work) {
          return tracking::hard_delete_logged_model(work, candidate.id, rules_);
        });
      case GarbageCandidate::Kind::Experiment:
        return tracking_.write(Load::Large, [&](Work& work) {
          return tracking::hard_delete_experiment(work, candidate.experiment_id, rules_);
        });
    }
    return {};
  }

  void work_off(const std::vector<Trash>& left) {
    if (left.empty()) return;
    fmt::print("Artifacts are left of an earlier gc, of {} runs and logged models.\n", left.size());
    std::vector<Removed> removed;
    std::vector<Trash> back;
    const auto again = tracking_.read(WorkOrder(), tracking::ids_with_rows_again, left);
    for (const Trash& item : left) {
      if (again.contains(item.id)) {
        back.push_back(item);
      } else {
        removed.push_back({what_of(item), {item}});
      }
    }
    forget(back);
    delete_files(removed);
  }

  static std::string what_of(const Trash& item) {
    return fmt::format("{} with ID {}", tracking::name_of(item.kind), item.id);
  }

  // Of what has no rows any more. Asks once more who uses it: a version may have come in between.
  void delete_files(const std::vector<Removed>& removed) {
    UseQuestions questions;
    for (const Removed& one : removed) {
      for (const Trash& item : one.trash) questions.add(item.id, item.artifact_uri);
    }
    if (!questions.empty()) std::this_thread::sleep_for(kSettling);
    const VersionUsers users = users_of(questions);
    std::vector<Trash> gone;
    for (const Removed& one : removed) {
      bool whole = true;
      for (const Trash& item : one.trash) {
        const bool deleted = delete_files(item, users);
        whole = whole && deleted;
        if (deleted) gone.push_back(item);
      }
      if (gone.size() >= kForgotten) forget(gone);
      if (!whole && one.needs_all) continue;
      fmt::print("{} has been permanently deleted.\n", one.what);
      std::fflush(stdout);  // read by whoever waits for it through a pipe
    }
    forget(gone);
  }

  // Whether they are gone.
  bool delete_files(const Trash& item, const VersionUsers& users) {
    const auto user = users.find(item.id);
    if (user != users.end()) {
      fmt::print(stderr,
                 "{} has been deleted, but its artifacts at '{}' are kept: {} uses them. The next "
                 "gc looks again.\n",
                 what_of(item), item.artifact_uri, user->second);
      return false;
    }
    try {
      artifacts_.remove(item.artifact_uri);
      return true;
    } catch (const Error& error) {
      fmt::print(stderr,
                 "{} has been deleted, but its artifacts at '{}' have not: {} The next gc tries "
                 "again.\n",
                 what_of(item), item.artifact_uri, error.message());
      failed_ = true;
      return false;
    }
  }

  void forget(std::vector<Trash>& gone) {
    if (gone.empty()) return;
    tracking_.write(WorkOrder{.load = load_of(gone.size())}, tracking::forget_trash, gone);
    gone.clear();
  }

  // --dry-run.
  void tell(const std::vector<Trash>& left, const std::vector<GarbageCandidate>& candidates,
            const VersionUsers& users) {
    for (const Trash& item : left) {
      if (!users.contains(item.id)) tell_bytes(what_of(item), item.artifact_uri);
    }
    for (const GarbageCandidate& candidate : candidates) {
      std::string reason = reason_of(candidate, users);
      if (!reason.empty()) {
        keep(candidate, std::move(reason));
      } else if (candidate.kind == GarbageCandidate::Kind::Experiment) {
        tell_experiment(candidate);
      } else {
        tell_bytes(candidate.what(), candidate.parts.front().artifact_uri);
        told_.insert(candidate.id);
      }
    }
    fmt::print("Nothing was deleted; {} bytes of artifacts would be{}.\n", bytes_,
               through_server_ ? ", and what the server has" : "");
  }

  // Its logged models that are not deleted go along.
  void tell_experiment(const GarbageCandidate& experiment) {
    for (const Garbage& model : experiment.parts) {
      if (!told_.contains(model.id))
        tell_bytes(fmt::format("Logged model with ID {}", model.id), model.artifact_uri);
    }
    fmt::print("{} would be permanently deleted.\n", experiment.what());
  }

  void tell_bytes(const std::string& what, const std::string& uri) try {
    const auto bytes = uri.empty() ? std::optional<std::uint64_t>(0) : artifacts_.bytes_at(uri);
    bytes_ += bytes.value_or(0);
    through_server_ = through_server_ || !bytes;
    fmt::print("{} would be permanently deleted: {} of artifacts.\n", what,
               bytes ? fmt::format("{} bytes", *bytes) : "what the server has");
  } catch (const Error& error) {
    fmt::print(stderr, "{}: its artifacts could not be deleted: {}\n", what, error.message());
    failed_ = true;
  }

  Db& tracking_;
  Db* const registry_;  // null: the tracking database
  ArtifactRemoval& artifacts_;
  const GcOptions& options_;
  const std::int64_t until_ms_;
  tracking::RemovalRules rules_;
  std::set<std::string, std::less<>> kept_runs_;
  std::set<std::string, std::less<>> told_;
  std::uint64_t bytes_ = 0;
  bool through_server_ = false;
  bool failed_ = false;
};

// A dry run makes no tables, and where there are none, nothing was noted in them.
bool has_own_tables(Db& db, bool may_create) {
  if (may_create) {
    create_own_tables(db);
    create_additive_indexes(db);  // each run is looked for in model_versions
    return true;
  }
  const auto names = db.read([&](Work& work) { return table_names(work, db.dialect()); });
  const auto has = [&](const char* name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  return has("millrace_trash") && has("millrace_registries");
}

void require_registry(Db& tracking) {
  std::string places;
  for (const std::string& place : tracking.read(tracking::recorded_registries)) {
    places += (places.empty() ? "" : ", ") + place;
  }
  if (places.empty()) return;
  throw Error(ErrorCode::InvalidState,
              "A server of this database has its registered versions in another one (" + places +
                  "), and what they use must stay. Give --registry-store-uri (or "
                  "MLFLOW_REGISTRY_STORE_URI) the URI of that database; if they lie in this one "
                  "now, its own. Nothing was deleted.");
}

}  // namespace

int collect_garbage(const Config& config, const GcOptions& options) {
  Db tracking(DbOptions{config.backend_store_uri, config.pool});
  prepare_schema(tracking, std::nullopt);
  const bool separate = config.registry_store_uri != config.backend_store_uri;
  const auto registry =
      separate ? std::make_unique<Db>(DbOptions{config.registry_store_uri, config.pool}) : nullptr;
  if (separate) {
    prepare_schema(*registry, std::nullopt);
    if (!options.dry_run) create_additive_indexes(*registry);
  }
  std::vector<Trash> left;
  if (has_own_tables(tracking, !options.dry_run)) {
    if (!options.registry_given) require_registry(tracking);
    left = tracking.read(tracking::list_trash);
  }
  ArtifactRemoval artifacts(config, options);
  return GarbageCollector(tracking, registry.get(), artifacts, options).run(left);
}

}  // namespace millrace
