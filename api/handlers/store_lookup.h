// What the checks of a model version's source ask, answered by the stores.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/rest/app.h"
#include "api/rest/request.h"
#include "api/rules/source_lookup.h"
#include "store/registry/model_versions.h"
#include "store/registry/registered_models.h"
#include "store/tracking/lookup.h"

namespace millrace {

class StoreLookup : public SourceLookup {
 public:
  StoreLookup(App& app, const Request& request) : app_(app), order_(request.order()) {}

  bool is_prompt(const std::string& name) override {
    return app_.registry.read(order_, registry::is_prompt, name);
  }
  ModelVersion version(const std::string& name, std::int64_t version) override {
    return app_.registry.read(order_, registry::get_model_version, name, version);
  }
  ModelVersion version_by_alias(const std::string& name, const std::string& alias) override {
    return app_.registry.read(order_, registry::get_model_version_by_alias, name, alias);
  }
  std::vector<ModelVersion> latest_versions(const std::string& name,
                                            const std::vector<std::string>& stages) override {
    return app_.registry.read(order_, registry::get_latest_versions, name, stages);
  }
  std::optional<SourceRun> run(const std::string& run_id) override {
    return app_.tracking.read(order_, tracking::find_source_run, run_id);
  }
  std::optional<SourceLoggedModel> logged_model(const std::string& model_id) override {
    return app_.tracking.read(order_, tracking::find_source_logged_model, model_id);
  }

 private:
  App& app_;
  const WorkOrder order_;
};

}  // namespace millrace
