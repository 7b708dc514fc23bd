#include "store/tracking/runs.h"

#include <algorithm>

#include "store/common/clock.h"
#include "store/common/error.h"
#include "store/common/ids.h"
#include "store/tracking/experiment_rows.h"
#include "store/tracking/random_name.h"
#include "store/tracking/run_rows.h"

namespace millrace {
namespace {

// Sets the run's name and sees to it that the tags tell it too.
void settle_name(Run& run) {
  const auto tag = std::find_if(run.tags.begin(), run.tags.end(),
                                [](const Tag& one) { return one.key == runs::kNameTag; });
  const std::string tagged = tag == run.tags.end() ? "" : tag->value;
  std::string& name = run.info.run_name;
  if (!name.empty() && !tagged.empty() && name != tagged) {
    throw_invalid_parameter(
        "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different "
        "values (run_name='" +
        name + "', mlflow.runName='" + tagged + "').");
  }
  if (name.empty()) name = tagged.empty() ? random_name() : tagged;
  if (tagged.empty()) run.tags.push_back({runs::kNameTag, name});
}

void insert_run(Session& session, const Run& run, std::int64_t experiment_id) {
  session.execute(
      "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id,"
      " status, start_time, end_time, deleted_time, source_version, lifecycle_stage, artifact_uri,"
      " experiment_id) VALUES (:run_id, :name, 'UNKNOWN', '', '', :user_id, 'RUNNING', :start_time,"
      " NULL, NULL, '', 'active', :artifact_uri, :experiment_id)",
      {run.info.run_id, run.info.run_name, run.info.user_id, *run.info.start_time,
       run.info.artifact_uri, experiment_id});
  const std::string sql = insert("tags", {"run_uuid", "key", "value"});
  for (const Tag& tag : run.tags) {
    session.execute(sql, {run.info.run_id, tag.key, tag.value});
  }
}

std::optional<std::string> tag_value(Session& session, const std::string& run_id,
                                     const std::string& key) {
  auto row = session.first<std::optional<std::string>>(
      "SELECT t.value FROM tags t WHERE t.run_uuid = :run_id AND t.key = :tag", {run_id, key});
  return row ? std::get<0>(std::move(*row)) : std::nullopt;
}

}  // namespace

Run Runs::create(const NewRun& run, JoinLocation join) {
  return db_.write(load_of(run.tags.size()), [&](Session& session) {
    Run created;
    created.info = {.run_id = new_id(),
                    .experiment_id = run.experiment_text,
                    .run_name = run.run_name,
                    .user_id = run.user_id,
                    .status = "RUNNING",
                    .start_time = run.start_time,
                    .end_time = std::nullopt,
                    .artifact_uri = "",
                    .lifecycle_stage = kActive};
    created.tags = run.tags;
    const Experiment experiment =
        experiments::require_active_experiment(session, run.experiment_id);
    created.info.artifact_uri =
        join(experiment.artifact_location.value_or(""), created.info.run_id + "/artifacts");
    settle_name(created);
    experiments::require_sql_integer(run.experiment_text);
    insert_run(session, created, run.experiment_id);
    return created;
  });
}

Run Runs::get(const std::string& run_id) {
  return db_.read([&](Session& session) { return runs::load_run(session, db_.dialect(), run_id); });
}

void Runs::remove(const std::string& run_id) {
  const std::string_view lock = row_lock(db_.dialect());
  db_.write([&](Session& session) {
    const RunInfo info = runs::require_run(session, run_id, lock);
    session.execute("DELETE FROM assessments WHERE assessment_metadata LIKE :metadata",
                    {"%\"mlflow.assessment.sourceRunId\": \"" + info.run_id + "\"%"});
    session.execute(
        "UPDATE runs SET lifecycle_stage = 'deleted', deleted_time = :now"
        " WHERE run_uuid = :run_id",
        {now_ms(), run_id});
  });
}

void Runs::restore(const std::string& run_id) {
  db_.write([&](Session& session) {
    runs::require_run(session, run_id);
    session.execute(
        "UPDATE runs SET lifecycle_stage = 'active', deleted_time = NULL WHERE run_uuid = :run_id",
        {run_id});
  });
}

RunInfo Runs::update(const std::string& run_id, const RunChanges& changes) {
  const Dialect dialect = db_.dialect();
  return db_.write([&](Session& session) {
    runs::require_active_run(session, run_id, row_lock(dialect));
    session.execute(
        "UPDATE runs SET status = COALESCE(:status, status),"
        " end_time = COALESCE(:end_time, end_time) WHERE run_uuid = :run_id",
        {nullable(changes.status), nullable(changes.end_time), run_id});
    runs::write_name(session, dialect, run_id, changes.run_name);
    RunInfo info = runs::require_run(session, run_id);
    if (info.run_name.empty()) {
      info.run_name = tag_value(session, run_id, runs::kNameTag).value_or("");
    }
    return info;
  });
}

void Runs::set_tag(const std::string& run_id, const Tag& tag) {
  const Dialect dialect = db_.dialect();
  db_.write([&](Session& session) {
    runs::require_active_run(session, run_id, row_lock(dialect));
    runs::write_tag(session, dialect, run_id, tag);
  });
}

void Runs::change_tag(
    const std::string& run_id, const std::string& key,
    const std::function<std::string(const std::optional<std::string>& value)>& change) {
  const Dialect dialect = db_.dialect();
  db_.write([&](Session& session) {
    // The lock on the run puts those who change one tag into one order.
    runs::require_active_run(session, run_id, row_lock(dialect));
    runs::write_tag(session, dialect, run_id, {key, change(tag_value(session, run_id, key))});
  });
}

void Runs::delete_tag(const std::string& run_id, const std::string& key) {
  const std::string_view lock = row_lock(db_.dialect());
  db_.write([&](Session& session) {
    runs::require_active_run(session, run_id, lock);
    const long long deleted = session.execute(
        "DELETE FROM tags WHERE tags.run_uuid = :run_id AND tags.key = :tag", {run_id, key});
    if (deleted == 0) {
      throw Error(ErrorCode::ResourceDoesNotExist,
                  "No tag with name: " + key + " in run with id " + run_id);
    }
  });
}

}  // namespace millrace
