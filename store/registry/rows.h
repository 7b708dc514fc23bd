// Reads and errors that the operations of the registry share. Everything here runs inside a body of
// the caller.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/db/work.h"
#include "store/records/registry.h"

namespace millrace::registry {

// The tag that makes a model or a version a prompt.
inline constexpr std::string_view kIsPromptTag = "mlflow.prompt.is_prompt";

[[noreturn]] void throw_no_model(const std::string& name);
[[noreturn]] void throw_no_version(const std::string& name, std::int64_t version);

// Throws throw_no_model's error if there is none.
void require_model(Work& work, const std::string& name);

// The same for a version that is not deleted.
void require_version(Work& work, const std::string& name, std::int64_t version);

// The whole model; throws as require_model.
RegisteredModel load_model(Work& work, const std::string& name);

// The whole version, which must not be deleted; throws as require_version.
ModelVersion load_version(Work& work, const std::string& name, std::int64_t version);

// The highest version of each stage with its tags and without aliases, ordered by each stage's
// lowest version.
std::vector<ModelVersion> latest_versions(Work& work, const std::string& name);

// Ordered by alias.
std::vector<RegisteredModelAlias> model_aliases(Work& work, const std::string& name);

// The select list that each_version reads, of model_versions under the alias v.
inline constexpr std::string_view kVersionColumns =
    "v.name, v.version, v.creation_time, v.last_updated_time, v.current_stage, v.description, "
    "v.source, v.storage_location, v.run_id, v.run_link, v.status";

// Runs `sql`, whose select list is kVersionColumns and then columns of the types More, and calls
// `row(ModelVersion, more...)`.
template <class... More, class Row>
void each_version(Work& work, std::string_view sql, const Values& values, Row&& row) {
  using Text = std::optional<std::string>;
  using Integer = std::optional<std::int64_t>;
  work.each<std::string, std::int64_t, Integer, Integer, Text, Text, Text, Text, Text, Text, Text,
            More...>(
      sql, values,
      [&row](std::string name, std::int64_t version, Integer created, Integer updated, Text stage,
             Text description, Text source, Text storage_location, Text run_id, Text run_link,
             Text status, More... more) {
        row(ModelVersion{.name = std::move(name),
                         .version = version,
                         .creation_timestamp = created.value_or(0),
                         .last_updated_timestamp = updated.value_or(0),
                         .current_stage = std::move(stage).value_or(""),
                         .description = std::move(description),
                         .source = std::move(source),
                         .storage_location = std::move(storage_location),
                         .run_id = std::move(run_id),
                         .run_link = std::move(run_link),
                         .status = std::move(status).value_or(""),
                         .tags = {},
                         .aliases = {}},
            std::move(more)...);
      });
}

}  // namespace millrace::registry
