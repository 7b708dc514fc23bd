// What goes into runs and comes out of them: rows of inputs, which are edges between datasets, runs
// and logged models.
#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <unordered_set>

#include "store/common/ids.h"
#include "store/db/dialect.h"
#include "store/db/padded_list.h"
#include "store/db/rows_statement.h"
#include "store/tracking/run_rows.h"
#include "store/tracking/runs.h"

namespace millrace::tracking {
namespace {

// Datasets that are looked for by one statement.
constexpr std::size_t kDatasetsAtOnce = 64;

// By name and digest.
using DatasetIds = std::map<std::pair<std::string, std::string>, std::string>;

std::pair<std::string, std::string> key_of(const DatasetInput& input) {
  return {input.dataset.name, input.dataset.digest};
}

void find_datasets(Work& work, std::int64_t experiment_id, std::span<const DatasetInput> inputs,
                   DatasetIds& ids) {
  const PaddedList names = padded_list(
      inputs.size(), [&](std::size_t i) { return inputs[i].dataset.name; }, "name");
  const PaddedList digests = padded_list(
      inputs.size(), [&](std::size_t i) { return inputs[i].dataset.digest; }, "digest");
  Values values{experiment_id};
  values.insert(values.end(), names.values.begin(), names.values.end());
  values.insert(values.end(), digests.values.begin(), digests.values.end());
  work.each<std::string, std::string, std::string>(
      "SELECT name, digest, dataset_uuid FROM datasets WHERE experiment_id = :experiment AND name" +
          names.sql + " AND digest" + digests.sql,
      values, [&ids](std::string name, std::string digest, std::string id) {
        ids[{std::move(name), std::move(digest)}] = std::move(id);
      });
}

// Where MySQL finds another spelling of name or digest equal.
std::string find_dataset(Work& work, std::int64_t experiment_id, const Dataset& dataset) {
  auto row = work.first<std::string>(
      "SELECT dataset_uuid FROM datasets"
      " WHERE experiment_id = :experiment_id AND name = :name AND digest = :digest",
      {experiment_id, dataset.name, dataset.digest});
  if (!row) throw UniqueViolation();  // it has gone at this moment: the body runs again
  return std::get<0>(std::move(*row));
}

// The ids of the datasets, which are added where they are missing. Of a dataset given twice the
// first one counts.
DatasetIds find_or_add_datasets(Work& work, std::int64_t experiment_id,
                                std::span<const DatasetInput> inputs) {
  static const RowsStatement insert_datasets(8, [](Dialect dialect, std::size_t rows) {
    return insert_missing(dialect, "datasets",
                          {"dataset_uuid", "experiment_id", "name", "digest", "dataset_source_type",
                           "dataset_source", "dataset_schema", "dataset_profile"},
                          rows);
  });
  DatasetIds ids;
  find_datasets(work, experiment_id, inputs, ids);
  Values values;
  for (const DatasetInput& input : inputs) {
    if (ids.contains(key_of(input))) continue;
    const Dataset& dataset = input.dataset;
    values.insert(values.end(),
                  {new_id(), experiment_id, dataset.name, dataset.digest, dataset.source_type,
                   dataset.source, nullable(dataset.schema), nullable(dataset.profile)});
  }
  if (values.empty()) return ids;
  insert_datasets.execute(work, std::move(values));
  find_datasets(work, experiment_id, inputs, ids);  // another run may have brought some just now
  for (const DatasetInput& input : inputs) {
    std::string& id = ids[key_of(input)];
    if (id.empty()) id = find_dataset(work, experiment_id, input.dataset);
  }
  return ids;
}

std::set<std::string> dataset_inputs_of(Work& work, const std::string& run_id,
                                        const DatasetIds& ids) {
  std::vector<std::string> wanted;
  for (const auto& [key, id] : ids) wanted.push_back(id);
  const PaddedList list = padded_list(wanted.size(), [&](std::size_t i) { return wanted[i]; });
  Values values = list.values;
  values.emplace_back(run_id);
  std::set<std::string> found;
  work.each<std::string>(
      "SELECT source_id FROM inputs WHERE source_type = 'DATASET' AND source_id" + list.sql +
          " AND destination_type = 'RUN' AND destination_id = :run_id",
      values, [&found](std::string id) { found.insert(std::move(id)); });
  return found;
}

// `inputs`: a chunk, not empty.
void add_dataset_inputs(Work& work, const RunInfo& run, std::span<const DatasetInput> inputs) {
  static const RowsStatement insert_inputs(5, [](Dialect, std::size_t rows) {
    return insert("inputs",
                  {"input_uuid", "source_type", "source_id", "destination_type", "destination_id"},
                  rows);
  });
  static const RowsStatement insert_tags(3, [](Dialect, std::size_t rows) {
    return insert("input_tags", {"input_uuid", "name", "value"}, rows);
  });
  const DatasetIds ids = find_or_add_datasets(work, std::stoll(run.experiment_id), inputs);
  std::set<std::string> there = dataset_inputs_of(work, run.run_id, ids);
  Values rows, tags;
  for (const DatasetInput& input : inputs) {
    const std::string& dataset_id = ids.at(key_of(input));
    if (!there.insert(dataset_id).second) continue;
    const std::string id = new_id();
    rows.insert(rows.end(), {id, "DATASET", dataset_id, "RUN", run.run_id});
    for (const Tag& tag : input.tags) tags.insert(tags.end(), {id, tag.key, tag.value});
  }
  insert_inputs.execute(work, std::move(rows));
  insert_tags.execute(work, std::move(tags));
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
  for (std::span<const DatasetInput> rest(datasets); !rest.empty();) {
    const auto chunk = rest.first(std::min(kDatasetsAtOnce, rest.size()));
    add_dataset_inputs(work, run, chunk);
    rest = rest.subspan(chunk.size());
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
