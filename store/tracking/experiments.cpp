#include "store/tracking/experiments.h"

#include <algorithm>

#include "store/common/error.h"
#include "store/db/dialect.h"
#include "store/db/key_spelling.h"
#include "store/db/rows_statement.h"
#include "store/text/python_text.h"
#include "store/tracking/experiment_lock.h"
#include "store/tracking/experiment_rows.h"

namespace millrace::tracking {
namespace {

constexpr std::size_t kLongestColumn = 256;  // of experiments, in characters

std::int64_t id_of_name(Work& work, const std::string& name) {
  return std::get<0>(work.first<std::int64_t>("SELECT experiment_id FROM experiments"
                                              " WHERE workspace = 'default' AND name = :name",
                                              {name})
                         .value());
}

[[noreturn]] void throw_already_exists(const std::string& name, const std::string& why) {
  throw Error(ErrorCode::ResourceAlreadyExists,
              "Experiment(name=" + name + ") already exists. Error: " + why);
}

void insert_experiment_tags(Work& work, const std::string& name, std::int64_t id,
                            const std::vector<Tag>& tags) {
  static const RowsStatement statement(3, [](Dialect, std::size_t rows) {
    return insert("experiment_tags", {"key", "value", "experiment_id"}, rows);
  });
  Values values;
  for (const Tag& tag : tags) values.insert(values.end(), {tag.key, tag.value, id});
  try {
    write_keys(
        work, [&] { statement.execute(work, std::move(values)); },
        [&] {
          return WrittenKeys{"experiment_tags", "key", "experiment_id = :id", {id}, keys_of(tags)};
        });
  } catch (const UniqueViolation&) {
    throw_already_exists(name, "a tag key is given twice.");
  } catch (const SameKey& same) {
    throw_already_exists(name, same.message());
  }
}

void require_stage(Work& work, std::int64_t id, const std::string& stage) {
  const Experiment experiment = experiments::require_experiment(work, id);
  if (experiment.lifecycle_stage != stage) experiments::throw_no_experiment(id);
}

// Moves an experiment from one stage to another, and stamps it.
void change_stage(Work& work, std::int64_t id, const std::string& from, const std::string& to,
                  std::int64_t now) {
  require_stage(work, id, from);
  const long long changed = work.execute(
      "UPDATE experiments SET lifecycle_stage = :stage, last_update_time = :now"
      " WHERE experiment_id = :id AND lifecycle_stage = :old_stage",
      {to, now, id, from});
  if (changed == 0) experiments::throw_no_experiment(id);  // another one was first
}

// What _mark_run_deleted does to all runs of an experiment: the assessments that one of them made
// go. An assessment names its run inside JSON.
void delete_assessments(Work& work, std::int64_t id) {
  const std::string mark = "\"mlflow.assessment.sourceRunId\": \"";
  const auto length = static_cast<std::int64_t>(mark.size());
  const std::string position(text_position(work.dialect()));
  const auto behind_mark = [&](const std::string& number) {
    return "SUBSTR(assessment_metadata, " + position + "(assessment_metadata, :mark" + number +
           ") + :length" + number + ")";
  };
  work.execute(
      "DELETE FROM assessments WHERE assessment_metadata LIKE :pattern AND SUBSTR(" +
          behind_mark("1") + ", 1, NULLIF(" + position + "(" + behind_mark("2") +
          ", '\"'), 0) - 1) IN (SELECT r.run_uuid FROM runs r WHERE r.experiment_id = :id)",
      {"%" + mark + "%", mark, length, mark, length, id});
}

}  // namespace

std::int64_t create_experiment(Work& work, const std::string& name,
                               const std::function<std::string(std::int64_t)>& location,
                               const std::vector<Tag>& tags) {
  const std::int64_t now = work.now();
  // A location that does not depend on the id is inserted at once: refused, it takes no id.
  const std::string place = location(0);
  // PostgreSQL would take one before it looks at the length of the texts.
  if (work.dialect() == Dialect::Postgresql &&
      std::max(python::length(name), python::length(place)) > kLongestColumn) {
    throw Error(ErrorCode::BadRequest, "The database refused the request: a value is too long.");
  }
  try {
    work.execute(
        "INSERT INTO experiments (name, artifact_location, lifecycle_stage, creation_time,"
        " last_update_time, workspace)"
        " VALUES (:name, :location, 'active', :created, :updated, 'default')",
        {name, place, now, now});
  } catch (const UniqueViolation&) {
    throw_already_exists(name, "the name is taken.");
  }
  const std::int64_t id = id_of_name(work, name);
  if (std::string own = location(id); own != place) {
    work.execute("UPDATE experiments SET artifact_location = :location WHERE experiment_id = :id",
                 {std::move(own), id});
  }
  insert_experiment_tags(work, name, id, tags);
  return id;
}

Experiment get_experiment(Work& work, std::int64_t id) {
  Experiment experiment = experiments::require_experiment(work, id);
  experiment.tags = experiments::load_tags(work, id);
  return experiment;
}

Experiment get_experiment_by_name(Work& work, const std::string& name) {
  std::optional<Experiment> found;
  experiments::each_experiment(
      work,
      "SELECT " + std::string(experiments::kColumns) +
          " FROM experiments e WHERE e.workspace = 'default' AND e.name = :name",
      {name}, [&found](Experiment row) { found = std::move(row); });
  if (!found) {
    throw Error(ErrorCode::ResourceDoesNotExist,
                "Could not find experiment with name '" + name + "'");
  }
  found->tags = experiments::load_tags(work, found->experiment_id);
  return *std::move(found);
}

void rename_experiment(Work& work, std::int64_t id, const std::string& new_name) {
  const Experiment experiment = experiments::require_experiment(work, id);
  if (experiment.lifecycle_stage != kActive) {
    throw Error(ErrorCode::InvalidState, "Cannot rename a non-active experiment.");
  }
  work.execute(
      "UPDATE experiments SET name = :name, last_update_time = :now WHERE experiment_id = :id",
      {new_name, work.now(), id});
}

void delete_experiment(Work& work, std::int64_t id) {
  require_stage(work, id, kActive);
  experiments::lock_experiment(work, id);
  work.read_clock_anew();
  const std::int64_t now = work.now();
  change_stage(work, id, kActive, kDeleted, now);
  delete_assessments(work, id);
  work.execute(
      "UPDATE runs SET lifecycle_stage = 'deleted', deleted_time = :now"
      " WHERE experiment_id = :id",
      {now, id});
}

void restore_experiment(Work& work, std::int64_t id) {
  change_stage(work, id, kDeleted, kActive, work.now());
  work.execute(
      "UPDATE runs SET lifecycle_stage = 'active', deleted_time = NULL"
      " WHERE experiment_id = :id",
      {id});
}

void set_experiment_tag(Work& work, std::int64_t id, const Tag& tag, const std::string& id_text) {
  experiments::require_active_experiment(work, id);
  experiments::require_sql_integer(id_text);
  work.execute(upsert(work.dialect(), "experiment_tags", {"key", "experiment_id"}, {"value"}),
               {tag.key, id, tag.value});
}

void delete_experiment_tag(Work& work, std::int64_t id, const std::string& key,
                           const std::string& id_text) {
  experiments::require_active_experiment(work, id);
  const long long deleted = work.execute(
      "DELETE FROM experiment_tags"
      " WHERE experiment_tags.key = :key AND experiment_tags.experiment_id = :id",
      {key, id});
  if (deleted > 0) return;
  throw Error(ErrorCode::ResourceDoesNotExist,
              "No tag with name: " + key + " in experiment with id " + id_text);
}

}  // namespace millrace::tracking
