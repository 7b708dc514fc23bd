#include "store/tracking/logged_models.h"

#include "store/common/error.h"
#include "store/common/ids.h"
#include "store/db/dialect.h"
#include "store/db/key_spelling.h"
#include "store/db/rows_statement.h"
#include "store/text/python_text.h"
#include "store/tracking/experiment_lock.h"
#include "store/tracking/experiment_rows.h"
#include "store/tracking/logged_model_rows.h"
#include "store/tracking/random_name.h"

namespace millrace::tracking {
namespace {

void insert_model_params(Work& work, const std::string& model_id, std::int64_t experiment_id,
                         const std::vector<Tag>& params) {
  static const RowsStatement statement(4, [](Dialect, std::size_t rows) {
    return insert("logged_model_params", {"model_id", "experiment_id", "param_key", "param_value"},
                  rows);
  });
  Values values;
  for (const Tag& param : params)
    values.insert(values.end(), {model_id, experiment_id, param.key, param.value});
  write_keys(
      work, [&] { statement.execute(work, std::move(values)); },
      [&] {
        return WrittenKeys{"logged_model_params",
                           "param_key",
                           "model_id = :model_id",
                           {model_id},
                           keys_of(params)};
      });
}

void insert_model_tags(Work& work, const std::string& model_id, std::int64_t experiment_id,
                       const std::vector<Tag>& tags) {
  static const RowsStatement statement(4, [](Dialect, std::size_t rows) {
    return insert("logged_model_tags", {"model_id", "experiment_id", "tag_key", "tag_value"}, rows);
  });
  Values values;
  for (const Tag& tag : tags)
    values.insert(values.end(), {model_id, experiment_id, tag.key, tag.value});
  write_keys(
      work, [&] { statement.execute(work, std::move(values)); },
      [&] { return logged_models::written_tags(model_id, tags); });
}

}  // namespace

LoggedModel create_logged_model(Work& work, const NewLoggedModel& model, JoinLocation join) {
  const std::string model_id = "m-" + new_id();
  const std::string name = model.name.empty() ? random_name() : model.name;
  const Experiment experiment =
      experiments::hold_active_experiment(work, model.experiment_id, model_id);
  const std::string location =
      join(experiment.artifact_location.value_or(""), "models/" + model_id + "/artifacts");
  experiments::require_sql_integer(model.experiment_text);
  const std::int64_t now = work.now();
  work.execute(
      "INSERT INTO logged_models (model_id, experiment_id, name, artifact_location,"
      " creation_timestamp_ms, last_updated_timestamp_ms, status, lifecycle_stage, model_type,"
      " source_run_id) VALUES (:model_id, :experiment_id, :name, :location, :created, :updated,"
      " :status, :stage, :model_type, :source_run_id)",
      {model_id, model.experiment_id, name, location, now, now,
       static_cast<std::int64_t>(LoggedModelStatus::Pending), kActive, model.model_type,
       model.source_run_id});
  insert_model_params(work, model_id, model.experiment_id, model.params);
  insert_model_tags(work, model_id, model.experiment_id, model.tags);
  return logged_models::load_model(work, model_id, true);
}

LoggedModel get_logged_model(Work& work, const std::string& model_id, bool allow_deleted) {
  return logged_models::load_model(work, model_id, allow_deleted);
}

LoggedModel finalize_logged_model(Work& work, const std::string& model_id, std::int64_t status) {
  logged_models::require_model(work, model_id);
  work.execute(
      "UPDATE logged_models SET status = :status, last_updated_timestamp_ms = :now"
      " WHERE model_id = :model_id",
      {status, work.now(), model_id});
  return logged_models::load_model(work, model_id, true);
}

void delete_logged_model(Work& work, const std::string& model_id) {
  logged_models::require_model(work, model_id);
  work.execute(
      "UPDATE logged_models SET lifecycle_stage = 'deleted', last_updated_timestamp_ms = :now"
      " WHERE model_id = :model_id",
      {work.now(), model_id});
}

void set_logged_model_tags(Work& work, const std::string& model_id, const std::vector<Tag>& tags) {
  const std::int64_t experiment_id = logged_models::require_model(work, model_id);
  const std::vector<Tag> different = distinct(tags);
  if (different.size() == 1) {
    logged_models::write_tags(work, model_id, experiment_id, different);
  } else {
    logged_models::write_spelled_tags(work, model_id, experiment_id, different);
  }
}

void delete_logged_model_tag(Work& work, const std::string& model_id, const std::string& key) {
  logged_models::require_model(work, model_id);
  const long long deleted =
      work.execute("DELETE FROM logged_model_tags WHERE model_id = :model_id AND tag_key = :key",
                   {model_id, key});
  if (deleted == 0) {
    throw Error(ErrorCode::ResourceDoesNotExist, "No tag with key " + python::repr(key) +
                                                     " found for model with ID " +
                                                     python::repr(model_id) + ".");
  }
}

void log_logged_model_params(Work& work, const std::string& model_id,
                             const std::vector<Tag>& params) {
  const std::int64_t experiment_id = logged_models::require_model(work, model_id);
  insert_model_params(work, model_id, experiment_id, params);
}

}  // namespace millrace::tracking
