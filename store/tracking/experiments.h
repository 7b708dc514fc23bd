// The room store/tracking: experiments, runs and what they log, logged models, and what may be
// deleted for good: the rules that need data, and the SQL. May use store/db, store/search and the
// records; knows neither HTTP nor, but for one file that edits JSON inside stored values, JSON, nor
// the tables of the registry, which may lie in another database.
//
// Experiments and their tags: one function per operation of MLflow's tracking SqlAlchemyStore,
// over the unit of work that it is a part of. Names,
// locations, ids and tags arrive validated (api/rules/experiment); what needs data is checked here.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "store/db/work.h"
#include "store/records/tracking.h"
#include "store/search/experiments.h"

namespace millrace::tracking {

// One that takes an `id` of no experiment throws RESOURCE_DOES_NOT_EXIST "No Experiment with id=...
// exists" unless it says otherwise.

// create_experiment; returns the id. `location` tells where the experiment of an id keeps its
// artifacts; it may be called more than once. Throws RESOURCE_ALREADY_EXISTS when an experiment,
// deleted or not, has the name; as in MLflow also when a tag key is given twice.
std::int64_t create_experiment(Work& work, const std::string& name,
                               const std::function<std::string(std::int64_t)>& location,
                               const std::vector<Tag>& tags);

// get_experiment and get_experiment_by_name: in whatever stage. The second throws
// RESOURCE_DOES_NOT_EXIST "Could not find experiment with name '...'".
Experiment get_experiment(Work& work, std::int64_t id);
Experiment get_experiment_by_name(Work& work, const std::string& name);

// rename_experiment. Throws INVALID_STATE for a deleted experiment, BAD_REQUEST when the name is
// taken.
void rename_experiment(Work& work, std::int64_t id, const std::string& new_name);

// delete_experiment and restore_experiment: with all its runs, whatever their stage was. The
// first also drops the assessments that the runs made, for good. An experiment that is deleted
// (or active) already is not found.
void delete_experiment(Work& work, std::int64_t id);
void restore_experiment(Work& work, std::int64_t id);

// set_experiment_tag. Throws INVALID_PARAMETER_VALUE for a deleted experiment, BAD_REQUEST when
// `id_text`, the id as the client spelled it, is one for Python alone ("1_0").
void set_experiment_tag(Work& work, std::int64_t id, const Tag& tag, const std::string& id_text);

// delete_experiment_tag. Throws INVALID_PARAMETER_VALUE for a deleted experiment,
// RESOURCE_DOES_NOT_EXIST when there is no such tag; `id_text` is what that message calls the
// experiment.
void delete_experiment_tag(Work& work, std::int64_t id, const std::string& key,
                           const std::string& id_text);

// search_experiments: calls `row` for each of up to `max_results` (> 0) experiments behind the
// first `offset`, in the order of the answer, and returns whether there are more. `row` runs within
// the transaction. Throws as search::experiments_query.
bool search_experiments(Work& work, const search::ParsedSearch& parsed, ViewType view,
                        std::int64_t max_results, std::int64_t offset,
                        const std::function<void(const Experiment&)>& row);

// _search_datasets: each dataset that a run of these experiments has as an input, once for each
// context (tag mlflow.data.context of the input); at most 1000. Unknown ids have none.
std::vector<DatasetSummary> search_datasets(Work& work, const std::vector<std::int64_t>& ids);

}  // namespace millrace::tracking
