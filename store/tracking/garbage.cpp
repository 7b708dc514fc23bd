#include "store/tracking/garbage.h"

#include <string_view>
#include <unordered_map>

#include "store/common/error.h"
#include "store/records/tracking.h"

namespace millrace {
namespace {

constexpr std::string_view kRuns =
    "SELECT r.run_uuid, r.artifact_uri, r.lifecycle_stage, r.deleted_time FROM runs r WHERE ";
constexpr std::string_view kModels =
    "SELECT m.model_id, m.artifact_location, m.lifecycle_stage, m.last_updated_timestamp_ms"
    " FROM logged_models m WHERE ";
constexpr std::string_view kExperiments =
    "SELECT e.experiment_id, e.lifecycle_stage, e.last_update_time FROM experiments e WHERE ";

std::vector<Garbage> items(Db& db, std::string_view select, std::string_view condition,
                           const Values& values) {
  std::vector<Garbage> found;
  const std::string sql = std::string(select) + std::string(condition);
  db.read([&](Session& session) {
    found.clear();
    session.each<std::string, std::optional<std::string>, std::optional<std::string>,
                 std::optional<std::int64_t>>(
        sql, values,
        [&](std::string id, std::optional<std::string> uri, std::optional<std::string> stage,
            std::optional<std::int64_t> deleted) {
          found.push_back({std::move(id), uri.value_or(""), stage.value_or(""), deleted});
        });
  });
  return found;
}

Garbage the_one(std::vector<Garbage> found, const std::string& what) {
  if (found.empty()) throw Error(ErrorCode::ResourceDoesNotExist, what + " not found");
  return std::move(found.front());
}

std::vector<GarbageExperiment> experiments_where(Db& db, std::string_view condition,
                                                 const Values& values) {
  std::vector<GarbageExperiment> found;
  const std::string sql = std::string(kExperiments) + std::string(condition);
  db.read([&](Session& session) {
    found.clear();
    session.each<std::int64_t, std::optional<std::string>, std::optional<std::int64_t>>(
        sql, values,
        [&](std::int64_t id, std::optional<std::string> stage,
            std::optional<std::int64_t> changed) {
          found.push_back({id, stage.value_or(""), changed});
        });
  });
  return found;
}

// Throws unless the row is deleted, and keeps it so until the transaction ends.
void require_deleted(Session& session, const std::string& what, const std::string& sql,
                     const Value& id) {
  const auto row = session.first<std::optional<std::string>>(sql, {id});
  if (!row) throw Error(ErrorCode::ResourceDoesNotExist, what + " not found");
  if (std::get<0>(*row) != kDeleted) {
    throw Error(ErrorCode::InvalidState, what + " is not deleted any more");
  }
}

std::string quoted_version(const std::string& name, std::int64_t version) {
  return "version " + std::to_string(version) + " of model '" + name + "'";
}

// Calls `part` for the location itself and each folder that it lies in, and `segment` for each of
// its names.
template <class Part, class Segment>
void take_apart(std::string_view location, Part part, Segment segment) {
  std::size_t begin = 0;
  while (begin <= location.size()) {
    const std::size_t end = std::min(location.find_first_of("/?#", begin), location.size());
    segment(location.substr(begin, end - begin));
    part(location.substr(0, end));
    begin = end + 1;
  }
}

}  // namespace

std::vector<Garbage> GarbageCollection::deleted_runs(std::int64_t until_ms) {
  return items(tracking_, kRuns,
               "r.lifecycle_stage = 'deleted' AND r.deleted_time <= :until ORDER BY r.run_uuid",
               {until_ms});
}

std::vector<Garbage> GarbageCollection::deleted_logged_models(std::int64_t until_ms) {
  return items(tracking_, kModels,
               "m.lifecycle_stage = 'deleted' AND m.last_updated_timestamp_ms <= :until"
               " ORDER BY m.model_id",
               {until_ms});
}

std::vector<GarbageExperiment> GarbageCollection::deleted_experiments() {
  return experiments_where(tracking_,
                           "e.lifecycle_stage = 'deleted' AND e.workspace = 'default'"
                           " ORDER BY e.experiment_id",
                           {});
}

Garbage GarbageCollection::run(const std::string& run_id) {
  return the_one(items(tracking_, kRuns, "r.run_uuid = :id", {run_id}), "Run with id=" + run_id);
}

Garbage GarbageCollection::logged_model(const std::string& model_id) {
  return the_one(items(tracking_, kModels, "m.model_id = :id", {model_id}),
                 "Logged model with ID '" + model_id + "'");
}

GarbageExperiment GarbageCollection::experiment(std::int64_t experiment_id) {
  const auto found = experiments_where(
      tracking_, "e.experiment_id = :id AND e.workspace = 'default'", {experiment_id});
  if (!found.empty()) return found.front();
  throw Error(ErrorCode::ResourceDoesNotExist,
              "No Experiment with id=" + std::to_string(experiment_id) + " exists");
}

std::vector<Garbage> GarbageCollection::runs_of(std::int64_t experiment_id) {
  return items(tracking_, kRuns, "r.experiment_id = :id ORDER BY r.run_uuid", {experiment_id});
}

std::vector<Garbage> GarbageCollection::logged_models_of(std::int64_t experiment_id) {
  return items(tracking_, kModels, "m.experiment_id = :id ORDER BY m.model_id", {experiment_id});
}

std::map<std::string, std::string> GarbageCollection::used_by_versions(
    const std::vector<Garbage>& items) {
  std::unordered_map<std::string, std::string> ids;  // of both kinds, and locations: id
  std::unordered_map<std::string, std::string> locations;
  for (const Garbage& item : items) {
    ids.emplace(item.id, item.id);
    std::string uri = item.artifact_uri;
    while (uri.ends_with('/')) uri.pop_back();
    if (!uri.empty()) locations.emplace(std::move(uri), item.id);
  }
  std::map<std::string, std::string> used;
  registry_.read([&](Session& session) {
    used.clear();
    session.each<std::string, std::int64_t, std::optional<std::string>, std::optional<std::string>,
                 std::optional<std::string>>(
        "SELECT v.name, v.version, v.source, v.storage_location, v.run_id FROM model_versions v"
        " WHERE v.current_stage IS NULL OR v.current_stage <> 'Deleted_Internal'",
        {},
        [&](const std::string& name, std::int64_t version, const std::optional<std::string>& source,
            const std::optional<std::string>& storage, const std::optional<std::string>& run_id) {
          const auto mark = [&](const auto& known, std::string_view text) {
            const auto found = known.find(std::string(text));
            if (found != known.end()) used.emplace(found->second, quoted_version(name, version));
          };
          const auto mark_id = [&](std::string_view text) { mark(ids, text); };
          const auto mark_location = [&](std::string_view text) { mark(locations, text); };
          if (run_id) mark_id(*run_id);
          if (source) take_apart(*source, mark_location, mark_id);
          if (storage) take_apart(*storage, mark_location, mark_id);
        });
  });
  return used;
}

void GarbageCollection::remove_run(const std::string& run_id) {
  const std::string sql = "SELECT r.lifecycle_stage FROM runs r WHERE r.run_uuid = :id" +
                          std::string(row_lock(tracking_.dialect()));
  tracking_.write([&](Session& session) {
    require_deleted(session, "Run with id=" + run_id, sql, run_id);
    for (const char* table : {"metrics", "latest_metrics", "params", "tags"}) {
      session.execute("DELETE FROM " + std::string(table) + " WHERE run_uuid = :id", {run_id});
    }
    session.execute("DELETE FROM runs WHERE run_uuid = :id", {run_id});
  });
}

void GarbageCollection::remove_logged_model(const std::string& model_id) {
  const std::string sql = "SELECT m.lifecycle_stage FROM logged_models m WHERE m.model_id = :id" +
                          std::string(row_lock(tracking_.dialect()));
  tracking_.write([&](Session& session) {
    require_deleted(session, "Logged model with ID '" + model_id + "'", sql, model_id);
    for (const char* table :
         {"logged_model_metrics", "logged_model_params", "logged_model_tags", "logged_models"}) {
      session.execute("DELETE FROM " + std::string(table) + " WHERE model_id = :id", {model_id});
    }
  });
}

void GarbageCollection::remove_experiment(std::int64_t experiment_id) {
  const std::string sql =
      "SELECT e.lifecycle_stage FROM experiments e WHERE e.experiment_id = :id" +
      std::string(row_lock(tracking_.dialect()));
  tracking_.write([&](Session& session) {
    require_deleted(session, "Experiment with id=" + std::to_string(experiment_id), sql,
                    experiment_id);
    for (const char* table : {"metrics", "latest_metrics", "params", "tags"}) {
      session.execute("DELETE FROM " + std::string(table) +
                          " WHERE run_uuid IN"
                          " (SELECT r.run_uuid FROM runs r WHERE r.experiment_id = :id)",
                      {experiment_id});
    }
    // Those whose key to the experiment does not cascade, or that have none, children first.
    for (const char* table :
         {"logged_model_metrics", "logged_model_params", "logged_model_tags", "logged_models",
          "runs", "online_scoring_configs", "spans", "trace_info", "experiment_tags",
          "sql_trace_rollup_rebuild_queue", "sql_trace_metric_daily_rollups",
          "sql_span_cost_daily_rollups", "sql_assessment_daily_rollups", "experiments"}) {
      session.execute("DELETE FROM " + std::string(table) + " WHERE experiment_id = :id",
                      {experiment_id});
    }
  });
}

}  // namespace millrace
