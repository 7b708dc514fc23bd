#include "store/tracking/logged_models.h"

#include "store/common/clock.h"
#include "store/common/error.h"
#include "store/common/ids.h"
#include "store/text/python_text.h"
#include "store/tracking/experiment_rows.h"
#include "store/tracking/logged_model_rows.h"
#include "store/tracking/random_name.h"

namespace millrace {
namespace {

void insert_params(Session& session, const std::string& model_id, std::int64_t experiment_id,
                   const std::vector<Tag>& params) {
  for (const Tag& param : params) {
    session.execute(
        "INSERT INTO logged_model_params (model_id, experiment_id, param_key, param_value)"
        " VALUES (:model_id, :experiment_id, :param_key, :param_value)",
        {model_id, experiment_id, param.key, param.value});
  }
}

void insert_tags(Session& session, const std::string& model_id, std::int64_t experiment_id,
                 const std::vector<Tag>& tags) {
  for (const Tag& tag : tags) {
    session.execute(
        "INSERT INTO logged_model_tags (model_id, experiment_id, tag_key, tag_value)"
        " VALUES (:model_id, :experiment_id, :tag_key, :tag_value)",
        {model_id, experiment_id, tag.key, tag.value});
  }
}

}  // namespace

LoggedModel LoggedModels::create(const NewLoggedModel& model, JoinLocation join) {
  const Dialect dialect = db_.dialect();
  const std::string model_id = "m-" + new_id();
  const std::string name = model.name.empty() ? random_name() : model.name;
  return db_.write(load_of(model.params.size() + model.tags.size()), [&](Session& session) {
    const Experiment experiment =
        experiments::require_active_experiment(session, model.experiment_id);
    const std::string location =
        join(experiment.artifact_location.value_or(""), "models/" + model_id + "/artifacts");
    experiments::require_sql_integer(model.experiment_text);
    const std::int64_t now = now_ms();
    session.execute(
        "INSERT INTO logged_models (model_id, experiment_id, name, artifact_location,"
        " creation_timestamp_ms, last_updated_timestamp_ms, status, lifecycle_stage, model_type,"
        " source_run_id) VALUES (:model_id, :experiment_id, :name, :location, :created, :updated,"
        " :status, :stage, :model_type, :source_run_id)",
        {model_id, model.experiment_id, name, location, now, now,
         static_cast<std::int64_t>(LoggedModelStatus::Pending), kActive, model.model_type,
         model.source_run_id});
    insert_params(session, model_id, model.experiment_id, model.params);
    insert_tags(session, model_id, model.experiment_id, model.tags);
    return logged_models::load_model(session, dialect, model_id, true);
  });
}

LoggedModel LoggedModels::get(const std::string& model_id, bool allow_deleted) {
  const Dialect dialect = db_.dialect();
  return db_.read([&](Session& session) {
    return logged_models::load_model(session, dialect, model_id, allow_deleted);
  });
}

LoggedModel LoggedModels::finalize(const std::string& model_id, std::int64_t status) {
  const Dialect dialect = db_.dialect();
  return db_.write([&](Session& session) {
    session.execute(
        "UPDATE logged_models SET status = :status, last_updated_timestamp_ms = :now"
        " WHERE model_id = :model_id",
        {status, now_ms(), model_id});
    return logged_models::load_model(session, dialect, model_id, true);
  });
}

void LoggedModels::remove(const std::string& model_id) {
  db_.write([&](Session& session) {
    logged_models::require_model(session, model_id, "");
    session.execute(
        "UPDATE logged_models SET lifecycle_stage = 'deleted', last_updated_timestamp_ms = :now"
        " WHERE model_id = :model_id",
        {now_ms(), model_id});
  });
}

void LoggedModels::set_tags(const std::string& model_id, const std::vector<Tag>& tags) {
  const Dialect dialect = db_.dialect();
  db_.write(load_of(tags.size()), [&](Session& session) {
    const std::int64_t experiment_id =
        logged_models::require_model(session, model_id, row_lock(dialect));
    for (const Tag& tag : tags) {
      logged_models::write_tag(session, dialect, model_id, experiment_id, tag);
    }
  });
}

void LoggedModels::delete_tag(const std::string& model_id, const std::string& key) {
  db_.write([&](Session& session) {
    logged_models::require_model(session, model_id, "");
    const long long deleted = session.execute(
        "DELETE FROM logged_model_tags WHERE model_id = :model_id AND tag_key = :key",
        {model_id, key});
    if (deleted == 0) {
      throw Error(ErrorCode::ResourceDoesNotExist, "No tag with key " + python::repr(key) +
                                                       " found for model with ID " +
                                                       python::repr(model_id) + ".");
    }
  });
}

void LoggedModels::log_params(const std::string& model_id, const std::vector<Tag>& params) {
  db_.write(load_of(params.size()), [&](Session& session) {
    const std::int64_t experiment_id = logged_models::require_model(session, model_id, "");
    insert_params(session, model_id, experiment_id, params);
  });
}

}  // namespace millrace
