#include "store/tracking/experiment_rows.h"

#include <algorithm>

#include "store/common/error.h"
#include "store/db/dialect.h"

namespace millrace::experiments {

void throw_no_experiment(std::int64_t id) {
  throw Error(ErrorCode::ResourceDoesNotExist,
              "No Experiment with id=" + std::to_string(id) + " exists");
}

Experiment require_experiment(Work& work, std::int64_t id) {
  if (!fits_id(id)) throw_no_experiment(id);
  std::optional<Experiment> found;
  each_experiment(
      work, "SELECT " + std::string(kColumns) + " FROM experiments e WHERE e.experiment_id = :id",
      {id}, [&found](Experiment row) { found = std::move(row); });
  if (!found) throw_no_experiment(id);
  return *std::move(found);
}

Experiment require_active_experiment(Work& work, std::int64_t id) {
  Experiment experiment = require_experiment(work, id);
  if (experiment.lifecycle_stage == kActive) return experiment;
  throw_invalid_parameter("The experiment " + std::to_string(id) +
                          " must be in the 'active' state. Current state is " +
                          experiment.lifecycle_stage + ".");
}

void require_sql_integer(std::string_view experiment_text) {
  static constexpr std::string_view kBlanks = " \t\n\v\f\r";
  std::string_view text = experiment_text;
  const auto begin = std::min(text.find_first_not_of(kBlanks), text.size());
  text = text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  if (!text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos) return;
  throw Error(ErrorCode::BadRequest,
              "'" + std::string(experiment_text) + "' is no experiment's id.");
}

std::vector<Tag> load_tags(Work& work, std::int64_t id) {
  std::vector<Tag> tags;
  work.each<std::string, std::optional<std::string>>(
      "SELECT t.key, t.value FROM experiment_tags t WHERE t.experiment_id = :id" +
          by_tag_order(work.dialect(), "t"),
      {id}, [&tags](std::string key, std::optional<std::string> value) {
        tags.push_back({std::move(key), std::move(value).value_or("")});
      });
  return tags;
}

}  // namespace millrace::experiments
