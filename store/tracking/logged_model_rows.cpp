#include "store/tracking/logged_model_rows.h"

#include <algorithm>
#include <unordered_map>

#include "store/common/error.h"
#include "store/db/dialect.h"
#include "store/db/padded_list.h"
#include "store/db/rows_statement.h"

namespace millrace::logged_models {
namespace {

using Text = std::optional<std::string>;
using Real = std::optional<double>;

// Statements over the models of a page.
class Page {
 public:
  Page(Work& work, search::FilledItems<LoggedModel>& models)
      : work_(work), models_(models), list_(padded_list(models.items().size(), [&](std::size_t i) {
          return models.items()[i].model_id;
        })) {
    for (LoggedModel& model : models.items()) by_id_.emplace(model.model_id, &model);
  }

  // A table of keys and values, whose columns begin with `kind`.
  void add_keys(std::string_view table, const std::string& kind,
                std::vector<Tag> LoggedModel::*member) {
    work_.each<std::string, std::string, std::string>(
        "SELECT t.model_id, t." + kind + "_key, t." + kind + "_value FROM " + std::string(table) +
            " t WHERE t.model_id" + list_.sql +
            (work_.dialect() == Dialect::Postgresql ? ""
                                                    : " ORDER BY t.model_id, t." + kind + "_key"),
        list_.values, [&](const std::string& model_id, std::string key, std::string value) {
          if (LoggedModel* model = find(model_id)) {
            models_.grow(*model,
                         search::add_tag(model->*member, {std::move(key), std::move(value)}));
          }
        });
  }

  void add_metrics() {
    // As tags, see tag_order.
    const std::string order =
        work_.dialect() == Dialect::Postgresql ? ""
        : work_.dialect() == Dialect::Sqlite
            ? " ORDER BY p.model_id, p.rowid"
            : " ORDER BY p.model_id, p.metric_name, p.metric_timestamp_ms, p.metric_step, p.run_id";
    work_.each<std::string, std::string, Real, std::int64_t, std::int64_t, Text, Text, std::string>(
        "SELECT p.model_id, p.metric_name, p.metric_value, p.metric_timestamp_ms, p.metric_step,"
        " p.dataset_name, p.dataset_digest, p.run_id FROM logged_model_metrics p"
        " WHERE p.model_id" +
            list_.sql + order,
        list_.values,
        [this](std::string model_id, std::string name, Real value, std::int64_t timestamp,
               std::int64_t step, Text dataset_name, Text dataset_digest, std::string run_id) {
          LoggedModel* model = find(model_id);
          if (model == nullptr) return;
          const std::size_t bytes = sizeof(Metric) + name.size() + model_id.size() + run_id.size();
          model->metrics.push_back({.key = std::move(name),
                                    .value = value.value_or(0),
                                    .timestamp = timestamp,
                                    .step = step,
                                    .dataset_name = std::move(dataset_name),
                                    .dataset_digest = std::move(dataset_digest),
                                    .model_id = std::move(model_id),
                                    .run_id = std::move(run_id)});
          models_.grow(*model, bytes);
        });
  }

 private:
  // None for an id in another case, which MySQL's conditions find, too, or one that is left out.
  LoggedModel* find(std::string_view model_id) const {
    const auto found = by_id_.find(model_id);
    return found == by_id_.end() || !models_.holds(*found->second) ? nullptr : found->second;
  }

  Work& work_;
  search::FilledItems<LoggedModel>& models_;
  const PaddedList list_;
  std::unordered_map<std::string_view, LoggedModel*> by_id_;
};

// The values of tag_key, model_id, experiment_id and tag_value.
Values model_tag_rows(const std::string& model_id, std::int64_t experiment_id,
                      const std::vector<Tag>& tags) {
  Values values;
  for (const Tag& tag : tags)
    values.insert(values.end(), {tag.key, model_id, experiment_id, tag.value});
  return values;
}

}  // namespace

void throw_no_model(const std::string& model_id) {
  throw Error(ErrorCode::ResourceDoesNotExist,
              "Logged model with ID '" + model_id + "' not found.");
}

std::int64_t require_model(Work& work, const std::string& model_id) {
  const auto row = work.first<std::int64_t>(
      "SELECT experiment_id FROM logged_models WHERE model_id = :model_id", {model_id});
  if (!row) throw_no_model(model_id);
  return std::get<0>(*row);
}

void write_tags(Work& work, const std::string& model_id, std::int64_t experiment_id,
                const std::vector<Tag>& tags) {
  static const RowsStatement upsert_tags(4, [](Dialect dialect, std::size_t rows) {
    return upsert(dialect, "logged_model_tags", {"tag_key", "model_id"},
                  {"experiment_id", "tag_value"}, rows);
  });
  upsert_tags.execute(work, model_tag_rows(model_id, experiment_id, tags));
}

void write_spelled_tags(Work& work, const std::string& model_id, std::int64_t experiment_id,
                        const std::vector<Tag>& tags) {
  static const RowsStatement upsert_tags(4, [](Dialect dialect, std::size_t rows) {
    return upsert_spelled(dialect, "logged_model_tags", "tag_key", {"model_id"},
                          {"experiment_id", "tag_value"}, rows);
  });
  write_keys(
      work, [&] { upsert_tags.execute(work, model_tag_rows(model_id, experiment_id, tags)); },
      [&] { return written_tags(model_id, tags); });
}

WrittenKeys written_tags(const std::string& model_id, const std::vector<Tag>& tags) {
  return {"logged_model_tags", "tag_key", "model_id = :model_id", {model_id}, keys_of(tags)};
}

LoggedModel load_model(Work& work, const std::string& model_id, bool allow_deleted) {
  std::optional<LoggedModel> model;
  each_model(work,
             "SELECT " + std::string(kColumns) +
                 " FROM logged_models m WHERE m.model_id = :model_id" +
                 (allow_deleted ? "" : " AND m.lifecycle_stage <> 'deleted'"),
             {model_id}, [&model](LoggedModel row) { model = std::move(row); });
  if (!model) throw_no_model(model_id);
  search::FilledItems<LoggedModel> alone(std::span(&*model, 1), 0, drop_contents);
  add_contents(work, alone);
  return *std::move(model);
}

std::vector<LoggedModel> load_rows(Work& work, std::span<const std::string> ids) {
  std::vector<LoggedModel> models(ids.size());
  if (ids.empty()) return models;
  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < ids.size(); ++i) places.emplace(ids[i], i);
  const PaddedList list = padded_list(ids.size(), [&](std::size_t i) { return ids[i]; });
  each_model(
      work, "SELECT " + std::string(kColumns) + " FROM logged_models m WHERE m.model_id" + list.sql,
      list.values, [&](LoggedModel model) {
        LoggedModel& place = models[places.at(model.model_id)];
        place = std::move(model);
      });
  return models;
}

void add_contents(Work& work, search::FilledItems<LoggedModel>& models) {
  Page page(work, models);
  page.add_keys("logged_model_tags", "tag", &LoggedModel::tags);
  page.add_keys("logged_model_params", "param", &LoggedModel::params);
  page.add_metrics();
}

void drop_contents(LoggedModel& model) {
  model.tags = {};
  model.params = {};
  model.metrics = {};
}

}  // namespace millrace::logged_models
