#include "store/tracking/experiments.h"

#include <algorithm>

#include "store/common/clock.h"
#include "store/common/error.h"
#include "store/text/python_text.h"
#include "store/tracking/experiment_rows.h"

namespace millrace {
namespace {

constexpr std::size_t kLongestColumn = 256;  // of experiments, in characters

std::int64_t id_of_name(Session& session, const std::string& name) {
  return std::get<0>(session
                         .first<std::int64_t>("SELECT experiment_id FROM experiments"
                                              " WHERE workspace = 'default' AND name = :name",
                                              {name})
                         .value());
}

[[noreturn]] void throw_already_exists(const std::string& name, const std::string& why) {
  throw Error(ErrorCode::ResourceAlreadyExists,
              "Experiment(name=" + name + ") already exists. Error: " + why);
}

// Moves an experiment from one stage to another, and stamps it.
void change_stage(Session& session, Dialect dialect, std::int64_t id, const std::string& from,
                  const std::string& to, std::int64_t now) {
  const Experiment experiment = experiments::require_experiment(session, id, row_lock(dialect));
  if (experiment.lifecycle_stage != from) experiments::throw_no_experiment(id);
  session.execute(
      "UPDATE experiments SET lifecycle_stage = :stage, last_update_time = :now"
      " WHERE experiment_id = :id",
      {to, now, id});
}

// What _mark_run_deleted does to all runs of an experiment: the assessments that one of them made
// go. An assessment names its run inside JSON.
void delete_assessments(Session& session, Dialect dialect, std::int64_t id) {
  const std::string mark = "\"mlflow.assessment.sourceRunId\": \"";
  const auto length = static_cast<std::int64_t>(mark.size());
  const std::string position(text_position(dialect));
  const auto behind_mark = [&](const std::string& number) {
    return "SUBSTR(assessment_metadata, " + position + "(assessment_metadata, :mark" + number +
           ") + :length" + number + ")";
  };
  session.execute(
      "DELETE FROM assessments WHERE assessment_metadata LIKE :pattern AND SUBSTR(" +
          behind_mark("1") + ", 1, NULLIF(" + position + "(" + behind_mark("2") +
          ", '\"'), 0) - 1) IN (SELECT r.run_uuid FROM runs r WHERE r.experiment_id = :id)",
      {"%" + mark + "%", mark, length, mark, length, id});
}

}  // namespace

std::int64_t Experiments::create(const std::string& name,
                                 const std::function<std::string(std::int64_t)>& location,
                                 const std::vector<Tag>& tags) {
  return db_.write(load_of(tags.size()), [&](Session& session) {
    const std::int64_t now = now_ms();
    // A location that does not depend on the id is inserted at once: refused, it takes no id.
    const std::string place = location(0);
    // PostgreSQL would take one before it looks at the length of the texts.
    if (db_.dialect() == Dialect::Postgresql &&
        std::max(python::length(name), python::length(place)) > kLongestColumn) {
      throw Error(ErrorCode::BadRequest, "The database refused the request: a value is too long.");
    }
    try {
      session.execute(
          "INSERT INTO experiments (name, artifact_location, lifecycle_stage, creation_time,"
          " last_update_time, workspace)"
          " VALUES (:name, :location, 'active', :created, :updated, 'default')",
          {name, place, now, now});
    } catch (const UniqueViolation&) {
      throw_already_exists(name, "the name is taken.");
    }
    const std::int64_t id = id_of_name(session, name);
    if (std::string own = location(id); own != place) {
      session.execute(
          "UPDATE experiments SET artifact_location = :location WHERE experiment_id = :id",
          {std::move(own), id});
    }
    try {
      for (const Tag& tag : tags) {
        session.execute(insert("experiment_tags", {"key", "value", "experiment_id"}),
                        {tag.key, tag.value, id});
      }
    } catch (const UniqueViolation&) {
      throw_already_exists(name, "a tag key is given twice.");
    }
    return id;
  });
}

Experiment Experiments::get(std::int64_t id) {
  return db_.read([&](Session& session) {
    Experiment experiment = experiments::require_experiment(session, id);
    experiment.tags = experiments::load_tags(session, db_.dialect(), id);
    return experiment;
  });
}

Experiment Experiments::get_by_name(const std::string& name) {
  return db_.read([&](Session& session) {
    std::optional<Experiment> found;
    experiments::each_experiment(
        session,
        "SELECT " + std::string(experiments::kColumns) +
            " FROM experiments e WHERE e.workspace = 'default' AND e.name = :name",
        {name}, [&found](Experiment row) { found = std::move(row); });
    if (!found) {
      throw Error(ErrorCode::ResourceDoesNotExist,
                  "Could not find experiment with name '" + name + "'");
    }
    found->tags = experiments::load_tags(session, db_.dialect(), found->experiment_id);
    return *std::move(found);
  });
}

void Experiments::rename(std::int64_t id, const std::string& new_name) {
  db_.write([&](Session& session) {
    const Experiment experiment =
        experiments::require_experiment(session, id, row_lock(db_.dialect()));
    if (experiment.lifecycle_stage != kActive) {
      throw Error(ErrorCode::InvalidState, "Cannot rename a non-active experiment.");
    }
    session.execute(
        "UPDATE experiments SET name = :name, last_update_time = :now WHERE experiment_id = :id",
        {new_name, now_ms(), id});
  });
}

void Experiments::remove(std::int64_t id) {
  db_.write(Load::Large, [&](Session& session) {
    const std::int64_t now = now_ms();
    change_stage(session, db_.dialect(), id, kActive, kDeleted, now);
    delete_assessments(session, db_.dialect(), id);
    session.execute(
        "UPDATE runs SET lifecycle_stage = 'deleted', deleted_time = :now"
        " WHERE experiment_id = :id",
        {now, id});
  });
}

void Experiments::restore(std::int64_t id) {
  db_.write(Load::Large, [&](Session& session) {
    change_stage(session, db_.dialect(), id, kDeleted, kActive, now_ms());
    session.execute(
        "UPDATE runs SET lifecycle_stage = 'active', deleted_time = NULL"
        " WHERE experiment_id = :id",
        {id});
  });
}

void Experiments::set_tag(std::int64_t id, const Tag& tag, const std::string& id_text) {
  const Dialect dialect = db_.dialect();
  db_.write([&](Session& session) {
    experiments::require_active_experiment(session, id, row_lock(dialect));
    experiments::require_sql_integer(id_text);
    session.execute(upsert(dialect, "experiment_tags", {"key", "experiment_id"}, {"value"}),
                    {tag.key, id, tag.value});
  });
}

void Experiments::delete_tag(std::int64_t id, const std::string& key, const std::string& id_text) {
  db_.write([&](Session& session) {
    experiments::require_active_experiment(session, id, row_lock(db_.dialect()));
    const long long deleted = session.execute(
        "DELETE FROM experiment_tags"
        " WHERE experiment_tags.key = :key AND experiment_tags.experiment_id = :id",
        {key, id});
    if (deleted > 0) return;
    throw Error(ErrorCode::ResourceDoesNotExist,
                "No tag with name: " + key + " in experiment with id " + id_text);
  });
}

}  // namespace millrace
