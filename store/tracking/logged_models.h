// Logged models with their tags and params: one function per operation of MLflow's tracking
// SqlAlchemyStore, over the unit of work that it is a part of. Names, statuses and ids of
// experiments arrive validated (api/handlers); what needs data is checked here.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "store/db/work.h"
#include "store/records/tracking.h"
#include "store/search/logged_models.h"

namespace millrace::tracking {

// A logged model to be created. MLflow stores "" (not NULL) for a model_type or source_run_id that
// the request does not have; the run need not exist.
struct NewLoggedModel {
  std::int64_t experiment_id = 0;
  std::string experiment_text;  // the id as the client spelled it
  std::string name;             // "": one is made up
  std::string model_type;
  std::string source_run_id;
  std::vector<Tag> params;
  std::vector<Tag> tags;
};

// One that takes a model_id throws RESOURCE_DOES_NOT_EXIST "Logged model with ID '...' not found.";
// but for get, deleted models are found. Returned models carry tags and params in the order of
// their keys, and every point of their metrics.

// create_logged_model: the status is Pending, the artifacts lie at models/<id>/artifacts below
// the experiment's location. Throws RESOURCE_DOES_NOT_EXIST for a missing experiment,
// INVALID_PARAMETER_VALUE for one that is not active or whose location `join` refuses,
// BAD_REQUEST for a key given twice and for an id that Python takes for a number and the database
// does not.
LoggedModel create_logged_model(Work& work, const NewLoggedModel& model, JoinLocation join);

// get_logged_model. A deleted model is found with `allow_deleted` only.
LoggedModel get_logged_model(Work& work, const std::string& model_id, bool allow_deleted);

// finalize_logged_model: any status may follow any other. Stamps the model.
LoggedModel finalize_logged_model(Work& work, const std::string& model_id, std::int64_t status);

// delete_logged_model: marks it deleted and stamps it, even if it was deleted already.
void delete_logged_model(Work& work, const std::string& model_id);

// set_logged_model_tags: adds or replaces. Of a key given twice the last value counts. One tag
// alone takes the place of one that the database finds equal, with its spelling.
void set_logged_model_tags(Work& work, const std::string& model_id, const std::vector<Tag>& tags);

// delete_logged_model_tag. Throws RESOURCE_DOES_NOT_EXIST for a key that the model has not.
void delete_logged_model_tag(Work& work, const std::string& model_id, const std::string& key);

// log_logged_model_params: adds. Throws BAD_REQUEST for a key that is there or given twice.
void log_logged_model_params(Work& work, const std::string& model_id,
                             const std::vector<Tag>& params);

// search_logged_models: gives one page of the models to `row` and returns whether more follow.
// One statement for the models, and three more for each 500 of them. A negative max_results means
// Python's models[:max_results]. Throws as search::logged_models_query.
bool search_logged_models(Work& work, const search::LoggedModelSearch& search,
                          std::int64_t max_results, std::int64_t offset,
                          const std::function<void(const LoggedModel&)>& row);

}  // namespace millrace::tracking
