// The room store/records: what the stores return and the answers are made of: plain structs without
// behaviour. May use the standard library alone, so that rules and entities see records and no
// database.
//
// What the store returns: plain structs, named after MLflow's columns. Times are ms since the
// epoch.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/records/tag.h"

namespace millrace {

// Of a model version, as they are stored.
inline constexpr std::array<std::string_view, 4> kStages{"None", "Staging", "Production",
                                                         "Archived"};

struct RegisteredModelAlias {
  std::string alias;
  std::int64_t version = 0;
};

// Optional texts are SQL NULL when empty: MLflow's answers tell NULL from "".
struct ModelVersion {
  std::string name;
  std::int64_t version = 0;
  std::int64_t creation_timestamp = 0;
  std::int64_t last_updated_timestamp = 0;
  std::string current_stage;
  std::optional<std::string> description;
  std::optional<std::string> source;
  std::optional<std::string> storage_location;
  std::optional<std::string> run_id;
  std::optional<std::string> run_link;
  std::string status;
  std::vector<Tag> tags;
  std::vector<std::string> aliases;
};

struct RegisteredModel {
  std::string name;
  std::int64_t creation_timestamp = 0;
  std::int64_t last_updated_timestamp = 0;
  std::optional<std::string> description;
  std::vector<ModelVersion> latest_versions;
  std::vector<Tag> tags;
  std::vector<RegisteredModelAlias> aliases;
};

}  // namespace millrace
