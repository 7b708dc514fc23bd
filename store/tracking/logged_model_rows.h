// Reads that the operations on logged models share. Everything here runs inside a body of the
// caller.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/db/key_spelling.h"
#include "store/db/work.h"
#include "store/records/tracking.h"
#include "store/search/filled_page.h"

namespace millrace::logged_models {

// RESOURCE_DOES_NOT_EXIST "Logged model with ID '...' not found."
[[noreturn]] void throw_no_model(const std::string& model_id);

// The id of the model's experiment; deleted models are found. Throws throw_no_model's error.
std::int64_t require_model(Work& work, const std::string& model_id);

// Adds tags or replaces their values; each key once. Of other spellings as those of run_rows.h.
void write_tags(Work& work, const std::string& model_id, std::int64_t experiment_id,
                const std::vector<Tag>& tags);
void write_spelled_tags(Work& work, const std::string& model_id, std::int64_t experiment_id,
                        const std::vector<Tag>& tags);

WrittenKeys written_tags(const std::string& model_id, const std::vector<Tag>& tags);

// The whole model. Throws throw_no_model's error.
LoggedModel load_model(Work& work, const std::string& model_id, bool allow_deleted);

// The models of these ids, which must be there, in their order, without the contents that
// add_contents adds. At most a few hundred.
std::vector<LoggedModel> load_rows(Work& work, std::span<const std::string> ids);

// Adds tags, params and metrics to models that have none yet, in three statements. At most a few
// hundred at once: each id is a bound value. Tags and params come in the order of their keys, the
// points of metrics in MLflow's: insertion on SQLite, else that of the primary key. Of very large
// models the last are left out.
void add_contents(Work& work, search::FilledItems<LoggedModel>& models);
// Takes those away again.
void drop_contents(LoggedModel& model);

// The select list that each_model reads, of logged_models under the alias m.
inline constexpr std::string_view kColumns =
    "m.model_id, m.experiment_id, m.name, m.creation_timestamp_ms, m.last_updated_timestamp_ms,"
    " m.artifact_location, m.status, m.lifecycle_stage, m.model_type, m.source_run_id,"
    " m.status_message";

// Runs `sql`, whose select list is kColumns, and calls `row(LoggedModel)`.
template <class Row>
void each_model(Work& work, std::string_view sql, const Values& values, Row&& row) {
  using Text = std::optional<std::string>;
  work.each<std::string, std::int64_t, std::string, std::int64_t, std::int64_t, std::string,
            std::int64_t, Text, Text, Text, Text>(
      sql, values,
      [&row](std::string model_id, std::int64_t experiment_id, std::string name,
             std::int64_t created, std::int64_t updated, std::string artifact_location,
             std::int64_t status, Text lifecycle_stage, Text model_type, Text source_run_id,
             Text status_message) {
        row(LoggedModel{.model_id = std::move(model_id),
                        .experiment_id = experiment_id,
                        .name = std::move(name),
                        .creation_timestamp_ms = created,
                        .last_updated_timestamp_ms = updated,
                        .artifact_location = std::move(artifact_location),
                        .status = status,
                        .lifecycle_stage = std::move(lifecycle_stage).value_or(""),
                        .model_type = std::move(model_type),
                        .source_run_id = std::move(source_run_id),
                        .status_message = std::move(status_message),
                        .tags = {},
                        .params = {},
                        .metrics = {}});
      });
}

}  // namespace millrace::logged_models
