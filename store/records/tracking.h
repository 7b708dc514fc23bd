// What the tracking stores return: plain structs, named after MLflow's entities. Times are ms since
// the epoch. Optional values are SQL NULL when empty.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/records/registry.h"

namespace millrace {

// Joins a path to an artifact location; what artifacts/ does, of which this folder knows nothing.
using JoinLocation = std::string (*)(std::string_view location, std::string_view path);

// The stage of an experiment, run or logged model; the columns hold these words.
inline constexpr const char* kActive = "active";
inline constexpr const char* kDeleted = "deleted";

// Which stages a search returns (ViewType, by its numbers on the wire).
enum class ViewType { ActiveOnly = 1, DeletedOnly = 2, All = 3 };

struct Experiment {
  std::int64_t experiment_id = 0;
  std::string name;
  std::optional<std::string> artifact_location;
  std::string lifecycle_stage;
  std::optional<std::int64_t> creation_time;
  std::optional<std::int64_t> last_update_time;
  std::vector<Tag> tags;
};

// RunStatus, by its numbers on the wire; the column holds the names.
enum class RunStatus { Running = 1, Scheduled = 2, Finished = 3, Failed = 4, Killed = 5 };

struct RunInfo {
  std::string run_id;
  std::string experiment_id;
  std::string run_name;
  std::string user_id;
  std::string status;  // RUNNING, ...
  std::optional<std::int64_t> start_time;
  std::optional<std::int64_t> end_time;
  std::string artifact_uri;
  std::string lifecycle_stage;
};

// One point of a metric. What it was measured with is only known of a logged model's metrics.
struct Metric {
  std::string key;
  double value = 0;
  std::int64_t timestamp = 0;
  std::int64_t step = 0;
  std::optional<std::string> dataset_name = {};
  std::optional<std::string> dataset_digest = {};
  std::optional<std::string> model_id = {};
  std::optional<std::string> run_id = {};
};

struct Dataset {
  std::string name;
  std::string digest;
  std::string source_type;
  std::string source;
  std::optional<std::string> schema;
  std::optional<std::string> profile;
};

// A dataset that some run of an experiment has as an input.
struct DatasetSummary {
  std::int64_t experiment_id = 0;
  std::string name;
  std::string digest;
  std::optional<std::string> context;
};

struct DatasetInput {
  std::vector<Tag> tags;
  Dataset dataset;
};

struct ModelOutput {
  std::string model_id;
  std::int64_t step = 0;
};

struct Run {
  RunInfo info;
  std::vector<Metric> metrics;  // the latest of each key
  std::vector<Tag> params;
  std::vector<Tag> tags;
  std::vector<DatasetInput> dataset_inputs;
  std::vector<std::string> model_inputs;  // ids
  std::vector<ModelOutput> model_outputs;
};

// LoggedModelStatus, by its numbers on the wire and in the column.
enum class LoggedModelStatus { Unspecified = 0, Pending = 1, Ready = 2, UploadFailed = 3 };

struct LoggedModel {
  std::string model_id;
  std::int64_t experiment_id = 0;
  std::string name;
  std::int64_t creation_timestamp_ms = 0;
  std::int64_t last_updated_timestamp_ms = 0;
  std::string artifact_location;
  std::int64_t status = 0;
  std::string lifecycle_stage;
  std::optional<std::string> model_type;
  std::optional<std::string> source_run_id;
  std::optional<std::string> status_message;
  std::vector<Tag> tags;
  std::vector<Tag> params;
  std::vector<Metric> metrics;
};

// What the checks of a model version's source ask of the run and the logged model behind it.
struct SourceRun {
  std::optional<std::string> artifact_uri;
  std::string lifecycle_stage;  // "active" or "deleted"; MLflow's get_run finds both
};

struct SourceLoggedModel {
  std::string artifact_location;
  std::optional<std::string> source_run_id;
};

}  // namespace millrace
