// What goes into runs and comes out of them: rows of inputs, which are edges between datasets, runs
// and logged models.
#include <unordered_set>

#include "store/common/ids.h"
#include "store/db/dialect.h"
#include "store/db/rows_statement.h"
#include "store/tracking/run_rows.h"
#include "store/tracking/runs.h"

namespace millrace::tracking {
namespace {

std::optional<std::string> find_dataset(Work& work, const std::string& experiment_id,
                                        const Dataset& dataset) {
  auto row = work.first<std::string>(
      "SELECT dataset_uuid FROM datasets"
      " WHERE experiment_id = :experiment_id AND name = :name AND digest = :digest",
      {std::stoll(experiment_id), dataset.name, dataset.digest});
  return row ? std::optional(std::get<0>(std::move(*row))) : std::nullopt;
}

// The dataset_uuid.
std::string find_or_add_dataset(Work& work, const std::string& experiment_id,
                                const Dataset& dataset) {
  if (auto found = find_dataset(work, experiment_id, dataset)) return *std::move(found);
  std::string id = new_id();
  try {
    work.execute_guarded(
        "INSERT INTO datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type,"
        " dataset_source, dataset_schema, dataset_profile) VALUES (:id, :experiment_id, :name,"
        " :digest, :source_type, :source, :schema, :profile)",
        {id, std::stoll(experiment_id), dataset.name, dataset.digest, dataset.source_type,
         dataset.source, nullable(dataset.schema), nullable(dataset.profile)});
    return id;
  } catch (const UniqueViolation&) {
    auto found = find_dataset(work, experiment_id, dataset);  // another run has just brought it
    if (!found) throw;
    return *std::move(found);
  }
}

bool is_input(Work& work, const std::string& dataset_id, const std::string& run_id) {
  return work
      .first<std::int64_t>(
          "SELECT 1 FROM inputs WHERE source_type = 'DATASET' AND source_id = :dataset_id"
          " AND destination_type = 'RUN' AND destination_id = :run_id",
          {dataset_id, run_id})
      .has_value();
}

void add_dataset_input(Work& work, const std::string& dataset_id, const std::string& run_id,
                       const std::vector<Tag>& tags) {
  static const RowsStatement insert_tags(3, [](Dialect, std::size_t rows) {
    return insert("input_tags", {"input_uuid", "name", "value"}, rows);
  });
  const std::string id = new_id();
  work.execute(
      "INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id)"
      " VALUES (:id, 'DATASET', :dataset_id, 'RUN', :run_id)",
      {id, dataset_id, run_id});
  Values values;
  for (const Tag& tag : tags) values.insert(values.end(), {id, tag.key, tag.value});
  insert_tags.execute(work, std::move(values));
}

void add_model_inputs(Work& work, const std::string& run_id,
                      const std::vector<std::string>& models) {
  static const RowsStatement upsert_models(5, [](Dialect dialect, std::size_t rows) {
    return upsert(dialect, "inputs",
                  {"source_type", "source_id", "destination_type", "destination_id"},
                  {"input_uuid"}, rows);
  });
  std::unordered_set<std::string_view> seen;
  Values values;
  for (const std::string& model_id : models) {
    if (!seen.insert(model_id).second) continue;
    values.insert(values.end(), {"RUN_INPUT", run_id, "MODEL_INPUT", model_id, new_id()});
  }
  upsert_models.execute(work, std::move(values));
}

}  // namespace

void log_inputs(Work& work, const std::string& run_id, const std::vector<DatasetInput>& datasets,
                const std::vector<std::string>& models) {
  const RunInfo run = runs::require_active_run(work, run_id);
  add_model_inputs(work, run_id, models);
  for (const DatasetInput& input : datasets) {
    const std::string dataset_id = find_or_add_dataset(work, run.experiment_id, input.dataset);
    // Of a dataset given twice the first one counts, so the second finds its input there.
    if (is_input(work, dataset_id, run_id)) continue;
    add_dataset_input(work, dataset_id, run_id, input.tags);
  }
}

void log_outputs(Work& work, const std::string& run_id, const std::vector<ModelOutput>& models) {
  static const RowsStatement insert_models(6, [](Dialect, std::size_t rows) {
    return insert(
        "inputs",
        {"input_uuid", "source_type", "source_id", "destination_type", "destination_id", "step"},
        rows);
  });
  runs::require_active_run(work, run_id);
  Values values;
  for (const ModelOutput& model : models) {
    values.insert(values.end(),
                  {new_id(), "RUN_OUTPUT", run_id, "MODEL_OUTPUT", model.model_id, model.step});
  }
  insert_models.execute(work, std::move(values));
}

}  // namespace millrace::tracking
