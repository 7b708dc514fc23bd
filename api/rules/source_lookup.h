// What the checks of a model version's source ask the stores. An interface, so that the checks can
// be tested and fuzzed without a database.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/records/registry.h"
#include "store/records/tracking.h"

namespace millrace {

// Each call is the store's of the same name and throws what that throws.
class SourceLookup {
 public:
  virtual ~SourceLookup() = default;
  virtual bool is_prompt(const std::string& name) = 0;
  virtual ModelVersion version(const std::string& name, std::int64_t version) = 0;
  virtual ModelVersion version_by_alias(const std::string& name, const std::string& alias) = 0;
  virtual std::vector<ModelVersion> latest_versions(const std::string& name,
                                                    const std::vector<std::string>& stages) = 0;
  virtual std::optional<SourceRun> run(const std::string& run_id) = 0;
  virtual std::optional<SourceLoggedModel> logged_model(const std::string& model_id) = 0;
};

}  // namespace millrace
