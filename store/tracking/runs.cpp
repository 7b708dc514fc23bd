#include "store/tracking/runs.h"

#include <algorithm>

#include "store/common/error.h"
#include "store/common/ids.h"
#include "store/db/dialect.h"
#include "store/db/rows_statement.h"
#include "store/tracking/experiment_lock.h"
#include "store/tracking/experiment_rows.h"
#include "store/tracking/random_name.h"
#include "store/tracking/run_rows.h"

namespace millrace::tracking {
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

// A run that is begun is a deleted one until it is finished: as if it was deleted later than now,
// so that gc leaves it alone meanwhile.
constexpr std::int64_t kTimeToFinish = 3'600'000;  // ms

// Without its tags.
void insert_run(Work& work, const Run& run, std::int64_t experiment_id, const std::string& stage) {
  work.execute(
      "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id,"
      " status, start_time, end_time, deleted_time, source_version, lifecycle_stage, artifact_uri,"
      " experiment_id) VALUES (:run_id, :name, 'UNKNOWN', '', '', :user_id, 'RUNNING', :start_time,"
      " NULL, :deleted_time, '', :stage, :artifact_uri, :experiment_id)",
      {run.info.run_id, run.info.run_name, run.info.user_id, *run.info.start_time,
       stage == kDeleted ? Value(work.now() + kTimeToFinish) : Value(), stage,
       run.info.artifact_uri, experiment_id});
}

Run create_run_without_tags(Work& work, const NewRun& run, JoinLocation join,
                            const std::string& stage) {
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
      experiments::hold_active_experiment(work, run.experiment_id, created.info.run_id);
  created.info.artifact_uri =
      join(experiment.artifact_location.value_or(""), created.info.run_id + "/artifacts");
  settle_name(created);
  experiments::require_sql_integer(run.experiment_text);
  insert_run(work, created, run.experiment_id, stage);
  return created;
}

std::optional<std::string> tag_value(Work& work, const std::string& run_id,
                                     const std::string& key) {
  auto row = work.first<std::optional<std::string>>(
      "SELECT t.value FROM tags t WHERE t.run_uuid = :run_id AND t.key = :tag", {run_id, key});
  return row ? std::get<0>(std::move(*row)) : std::nullopt;
}

}  // namespace

Run create_run(Work& work, const NewRun& run, JoinLocation join) {
  Run created = create_run_without_tags(work, run, join, kActive);
  add_new_tags(work, created.info.run_id, created.tags);
  return created;
}

Run begin_run(Work& work, const NewRun& run, JoinLocation join) {
  Run begun = create_run_without_tags(work, run, join, kDeleted);
  if (distinct(begun.tags).size() < begun.tags.size()) throw UniqueViolation();
  return begun;
}

void drop_begun_run(Work& work, const std::string& run_id) {
  if (runs::require_run(work, run_id).lifecycle_stage != kDeleted) return;
  for (const std::string table : {"tags", "runs"})
    work.execute("DELETE FROM " + table + " WHERE run_uuid = :run_id", {run_id});
}

void add_new_tags(Work& work, const std::string& run_id, std::span<const Tag> tags) {
  static const RowsStatement insert_tags(3, [](Dialect, std::size_t rows) {
    return insert("tags", {"run_uuid", "key", "value"}, rows);
  });
  Values values;
  values.reserve(tags.size() * 3);
  for (const Tag& tag : tags) values.insert(values.end(), {run_id, tag.key, tag.value});
  write_keys(
      work, [&] { insert_tags.execute(work, std::move(values)); },
      [&] { return runs::written_tags(run_id, tags); });
}

void finish_run(Work& work, const std::string& run_id, std::int64_t experiment_id) {
  experiments::hold_active_experiment(work, experiment_id, run_id);
  restore_run(work, run_id);
}

Run get_run(Work& work, const std::string& run_id) { return runs::load_run(work, run_id); }

void delete_run(Work& work, const std::string& run_id) {
  const RunInfo info = runs::require_run(work, run_id);
  work.execute("DELETE FROM assessments WHERE assessment_metadata LIKE :metadata",
               {"%\"mlflow.assessment.sourceRunId\": \"" + info.run_id + "\"%"});
  work.execute(
      "UPDATE runs SET lifecycle_stage = 'deleted', deleted_time = :now"
      " WHERE run_uuid = :run_id",
      {work.now(), run_id});
}

void restore_run(Work& work, const std::string& run_id) {
  runs::require_run(work, run_id);
  const long long found = work.execute(
      "UPDATE runs SET lifecycle_stage = 'active', deleted_time = NULL WHERE run_uuid = :run_id",
      {run_id});
  if (found == 0) runs::throw_no_run(run_id);  // gc was first
}

RunInfo update_run(Work& work, const std::string& run_id, const RunChanges& changes) {
  runs::require_active_run(work, run_id);
  work.execute(
      "UPDATE runs SET status = COALESCE(:status, status),"
      " end_time = COALESCE(:end_time, end_time) WHERE run_uuid = :run_id",
      {nullable(changes.status), nullable(changes.end_time), run_id});
  runs::write_name(work, run_id, changes.run_name);
  RunInfo info = runs::require_run(work, run_id);
  if (info.run_name.empty()) {
    info.run_name = tag_value(work, run_id, runs::kNameTag).value_or("");
  }
  return info;
}

void set_run_tag(Work& work, const std::string& run_id, const Tag& tag) {
  runs::require_active_run(work, run_id);
  if (tag.key == runs::kNameTag) return runs::write_name(work, run_id, tag.value);
  runs::write_tags(work, run_id, {tag});
}

std::optional<std::string> get_run_tag(Work& work, const std::string& run_id,
                                       const std::string& key) {
  runs::require_active_run(work, run_id);
  return tag_value(work, run_id, key);
}

bool replace_run_tag(Work& work, const std::string& run_id, const std::string& key,
                     const std::optional<std::string>& expected, const std::string& value) {
  runs::require_active_run(work, run_id);
  const auto row = work.first<std::optional<std::string>>(
      "SELECT t.value FROM tags t WHERE t.run_uuid = :run_id AND t.key = :tag" +
          std::string(row_lock(work.dialect())),
      {run_id, key});
  if ((row ? std::get<0>(*row) : std::nullopt) != expected) return false;
  if (row) {
    runs::write_tags(work, run_id, {{key, value}});
  } else {
    // Where another one is first this is an unexpected violation, and the body runs again.
    work.execute(insert("tags", {"key", "run_uuid", "value"}), {key, run_id, value});
  }
  return true;
}

void delete_run_tag(Work& work, const std::string& run_id, const std::string& key) {
  runs::require_active_run(work, run_id);
  const long long deleted = work.execute(
      "DELETE FROM tags WHERE tags.run_uuid = :run_id AND tags.key = :tag", {run_id, key});
  if (deleted == 0) {
    throw Error(ErrorCode::ResourceDoesNotExist,
                "No tag with name: " + key + " in run with id " + run_id);
  }
}

}  // namespace millrace::tracking
