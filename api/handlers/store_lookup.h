// What the checks of a model version's source ask, answered by the stores.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/rules/source_lookup.h"
#include "store/registry/model_versions.h"
#include "store/registry/registered_models.h"
#include "store/tracking/lookup.h"

namespace millrace {

class StoreLookup : public SourceLookup {
 public:
  StoreLookup(RegisteredModels& models, ModelVersions& versions, TrackingLookup& tracking)
      : models_(models), versions_(versions), tracking_(tracking) {}

  bool is_prompt(const std::string& name) override { return models_.is_prompt(name); }
  ModelVersion version(const std::string& name, std::int64_t version) override {
    return versions_.get(name, version);
  }
  ModelVersion version_by_alias(const std::string& name, const std::string& alias) override {
    return versions_.get_by_alias(name, alias);
  }
  std::vector<ModelVersion> latest_versions(const std::string& name,
                                            const std::vector<std::string>& stages) override {
    return versions_.get_latest_versions(name, stages);
  }
  std::optional<SourceRun> run(const std::string& run_id) override { return tracking_.run(run_id); }
  std::optional<SourceLoggedModel> logged_model(const std::string& model_id) override {
    return tracking_.logged_model(model_id);
  }

 private:
  RegisteredModels& models_;
  ModelVersions& versions_;
  TrackingLookup& tracking_;
};

}  // namespace millrace
