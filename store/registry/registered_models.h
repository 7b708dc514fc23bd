// The room store/registry: registered models and their versions: the rules that need data, and the
// SQL. May use store/db, store/search and the records; knows neither HTTP nor JSON, nor the tables
// of tracking, which may lie in another database.
//
// Registered models, their tags and their aliases: one function per operation of MLflow's registry
// SqlAlchemyStore, over the unit of work that it is a part of. Names, keys, aliases and values
// arrive validated (api/rules/validate); what needs data is checked here.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "store/db/work.h"
#include "store/records/registry.h"
#include "store/search/registry.h"

namespace millrace::registry {

// One that takes a `name` of no model throws RESOURCE_DOES_NOT_EXIST "Registered Model with
// name=... not found" unless it says otherwise.

// create_registered_model. A key given twice keeps its first position and takes the last value.
// Throws RESOURCE_ALREADY_EXISTS, with a text that tells models from prompts.
RegisteredModel create_registered_model(Work& work, const std::string& name,
                                        const std::vector<Tag>& tags,
                                        const std::optional<std::string>& description);

// get_registered_model. latest_versions are ordered by each stage's lowest version and carry tags
// but no aliases.
RegisteredModel get_registered_model(Work& work, const std::string& name);

// update_registered_model. Stamps the model even when nothing changes.
RegisteredModel update_registered_model(Work& work, const std::string& name,
                                        const std::optional<std::string>& description);

// rename_registered_model. Versions (deleted ones too), tags and aliases follow, and all versions
// are stamped. Throws RESOURCE_ALREADY_EXISTS when another model has `new_name`.
RegisteredModel rename_registered_model(Work& work, const std::string& name,
                                        const std::string& new_name);

// delete_registered_model. Removes versions, tags and aliases for good; a model created again
// starts at version 1.
void delete_registered_model(Work& work, const std::string& name);

// set_registered_model_tag: inserts or replaces. Concurrent calls for one new key all succeed.
void set_registered_model_tag(Work& work, const std::string& name, const Tag& tag);

// delete_registered_model_tag. A key that is not there is no error.
void delete_registered_model_tag(Work& work, const std::string& name, const std::string& key);

// set_registered_model_alias: inserts or re-points. Throws RESOURCE_DOES_NOT_EXIST "Model Version
// (name=..., version=...) not found" for a missing model, a missing version or a deleted one.
void set_registered_model_alias(Work& work, const std::string& name, const std::string& alias,
                                std::int64_t version);

// delete_registered_model_alias. An alias that is not there is no error.
void delete_registered_model_alias(Work& work, const std::string& name, const std::string& alias);

// search_registered_models: hands one page to `row`, in the search's order, and returns whether
// another one follows. Models carry their aliases; latest_versions, ordered by stage, carry tags
// only. `max_results` may be 0 or negative, with MLflow's meaning. Throws what
// search::registered_models_query throws.
bool search_registered_models(Work& work, const search::ParsedSearch& parsed,
                              std::int64_t max_results, std::int64_t offset,
                              const std::function<void(const RegisteredModel&)>& row);

// RegisteredModel._is_prompt: whether the tag mlflow.prompt.is_prompt is "true" in any case.
bool is_prompt(Work& work, const std::string& name);

}  // namespace millrace::registry
