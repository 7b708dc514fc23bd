// A SourceLookup over plain maps, for the tests, the fuzzer and the comparison with MLflow. It
// throws what the stores throw.
#pragma once

#include <algorithm>
#include <map>
#include <set>

#include "api/rules/source_lookup.h"
#include "store/common/error.h"

namespace millrace {

struct MemoryLookup : SourceLookup {
  struct Model {
    bool prompt = false;
    std::vector<ModelVersion> versions;
    std::map<std::string, std::int64_t> aliases;
  };
  std::map<std::string, Model> models;
  std::map<std::string, SourceRun> runs;
  std::map<std::string, SourceLoggedModel> logged_models;

  bool is_prompt(const std::string& name) override { return model(name).prompt; }

  ModelVersion version(const std::string& name, std::int64_t number) override {
    const auto found = models.find(name);
    if (found != models.end()) {
      for (const ModelVersion& version : found->second.versions) {
        if (version.version == number) return version;
      }
    }
    throw Error(ErrorCode::ResourceDoesNotExist, "Model Version (name=" + name + ", version=" +
                                                     std::to_string(number) + ") not found");
  }

  ModelVersion version_by_alias(const std::string& name, const std::string& alias) override {
    if (alias == "latest") {
      const auto latest = latest_versions(name, {});
      if (!latest.empty()) return *std::max_element(latest.begin(), latest.end(), is_older);
      throw Error(ErrorCode::ResourceDoesNotExist,
                  "Latest version not found for model " + name + ".");
    }
    const auto found = model(name).aliases.find(alias);
    if (found == model(name).aliases.end()) {
      throw_invalid_parameter("Registered model alias " + alias + " not found.");
    }
    return version(name, found->second);
  }

  std::vector<ModelVersion> latest_versions(const std::string& name,
                                            const std::vector<std::string>& stages) override {
    std::map<std::string, ModelVersion> latest;
    for (const ModelVersion& version : model(name).versions) {
      if (!stages.empty() && stages.front() != version.current_stage) continue;
      latest.insert_or_assign(version.current_stage, version);
    }
    std::vector<ModelVersion> versions;
    for (auto& [stage, version] : latest) versions.push_back(std::move(version));
    return versions;
  }

  std::optional<SourceRun> run(const std::string& run_id) override {
    const auto found = runs.find(run_id);
    return found == runs.end() ? std::nullopt : std::optional(found->second);
  }

  std::optional<SourceLoggedModel> logged_model(const std::string& model_id) override {
    const auto found = logged_models.find(model_id);
    return found == logged_models.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  static bool is_older(const ModelVersion& a, const ModelVersion& b) {
    return a.version < b.version;
  }

  Model& model(const std::string& name) {
    const auto found = models.find(name);
    if (found != models.end()) return found->second;
    throw Error(ErrorCode::ResourceDoesNotExist,
                "Registered Model with name=" + name + " not found");
  }
};

}  // namespace millrace
