// What goes into runs and comes out of them: rows of inputs, which are edges between datasets, runs
// and logged models.
#include "store/common/ids.h"
#include "store/tracking/run_rows.h"
#include "store/tracking/runs.h"

namespace millrace {
namespace {

std::optional<std::string> find_dataset(Session& session, const std::string& experiment_id,
                                        const Dataset& dataset, std::string_view lock) {
  auto row = session.first<std::string>(
      "SELECT dataset_uuid FROM datasets"
      " WHERE experiment_id = :experiment_id AND name = :name AND digest = :digest" +
          std::string(lock),
      {std::stoll(experiment_id), dataset.name, dataset.digest});
  return row ? std::optional(std::get<0>(std::move(*row))) : std::nullopt;
}

// The dataset_uuid.
std::string find_or_add_dataset(Session& session, Dialect dialect, const std::string& experiment_id,
                                const Dataset& dataset) {
  if (auto found = find_dataset(session, experiment_id, dataset, "")) return *std::move(found);
  std::string id = new_id();
  try {
    session.execute_guarded(
        "INSERT INTO datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type,"
        " dataset_source, dataset_schema, dataset_profile) VALUES (:id, :experiment_id, :name,"
        " :digest, :source_type, :source, :schema, :profile)",
        {id, std::stoll(experiment_id), dataset.name, dataset.digest, dataset.source_type,
         dataset.source, nullable(dataset.schema), nullable(dataset.profile)});
    return id;
  } catch (const UniqueViolation&) {
    // Another run has just brought it. Only a read that locks sees what came since this
    // transaction began.
    auto found = find_dataset(session, experiment_id, dataset, row_lock(dialect));
    if (!found) throw;
    return *std::move(found);
  }
}

bool is_input(Session& session, const std::string& dataset_id, const std::string& run_id) {
  return session
      .first<std::int64_t>(
          "SELECT 1 FROM inputs WHERE source_type = 'DATASET' AND source_id = :dataset_id"
          " AND destination_type = 'RUN' AND destination_id = :run_id",
          {dataset_id, run_id})
      .has_value();
}

void add_dataset_input(Session& session, const std::string& dataset_id, const std::string& run_id,
                       const std::vector<Tag>& tags) {
  const std::string id = new_id();
  session.execute(
      "INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id)"
      " VALUES (:id, 'DATASET', :dataset_id, 'RUN', :run_id)",
      {id, dataset_id, run_id});
  for (const Tag& tag : tags) {
    session.execute("INSERT INTO input_tags (input_uuid, name, value) VALUES (:id, :name, :value)",
                    {id, tag.key, tag.value});
  }
}

}  // namespace

void Runs::log_inputs(const std::string& run_id, const std::vector<DatasetInput>& datasets,
                      const std::vector<std::string>& models) {
  const Dialect dialect = db_.dialect();
  db_.write(load_of(datasets.size() + models.size()), [&](Session& session) {
    // Locked: nobody else adds inputs to this run in the meantime.
    const RunInfo run = runs::require_active_run(session, run_id, row_lock(dialect));
    const std::string add_model =
        upsert(dialect, "inputs",
               {"source_type", "source_id", "destination_type", "destination_id"}, {"input_uuid"});
    for (const std::string& model_id : models) {
      session.execute(add_model, {"RUN_INPUT", run_id, "MODEL_INPUT", model_id, new_id()});
    }
    for (const DatasetInput& input : datasets) {
      const std::string dataset_id =
          find_or_add_dataset(session, dialect, run.experiment_id, input.dataset);
      // Of a dataset given twice the first one counts, so the second finds its input there.
      if (is_input(session, dataset_id, run_id)) continue;
      add_dataset_input(session, dataset_id, run_id, input.tags);
    }
  });
}

void Runs::log_outputs(const std::string& run_id, const std::vector<ModelOutput>& models) {
  const std::string_view lock = row_lock(db_.dialect());
  db_.write(load_of(models.size()), [&](Session& session) {
    runs::require_active_run(session, run_id, lock);
    for (const ModelOutput& model : models) {
      session.execute(
          "INSERT INTO inputs (input_uuid, source_type, source_id, destination_type,"
          " destination_id, step)"
          " VALUES (:id, 'RUN_OUTPUT', :run_id, 'MODEL_OUTPUT', :model_id, :step)",
          {new_id(), run_id, model.model_id, model.step});
    }
  });
}

}  // namespace millrace
