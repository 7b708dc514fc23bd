// registered-models/search: one page of models with their latest versions, tags and aliases: one
// statement for the page, and three for each hundred models, or fewer where these are large, so
// that a long page of large ones is never held as a whole.
#include <strings.h>

#include <algorithm>
#include <span>
#include <unordered_map>

#include "store/db/dialect.h"
#include "store/db/padded_list.h"
#include "store/registry/registered_models.h"
#include "store/registry/rows.h"
#include "store/search/filled_page.h"
#include "store/search/query.h"

namespace millrace::registry {
namespace {

using Text = std::optional<std::string>;

// The usual page, MLflow's default, is one chunk.
constexpr std::size_t kModelsChunk = 100;
// What they may take, in bytes.
constexpr std::size_t kMostContents = std::size_t{8} << 20U;

using Models = search::FilledItems<RegisteredModel>;

void drop_contents(RegisteredModel& model) {
  model.latest_versions = {};
  model.tags = {};
  model.aliases = {};
}

// Models by their names.
class ModelNames {
 public:
  explicit ModelNames(const Models& models) : models_(models) {
    for (RegisteredModel& model : models.items()) by_name_.emplace(model.name, &model);
  }

  // Null for one that is left out. MySQL finds rows whose name has another case, too, which a
  // client may have made with it; MLflow fails on them. None where the name differs in an accent,
  // which MySQL does not tell apart either.
  RegisteredModel* find(const std::string& name) const {
    const auto exact = by_name_.find(name);
    if (exact != by_name_.end()) return models_.holds(*exact->second) ? exact->second : nullptr;
    const auto all = models_.items();
    const auto same = std::find_if(all.begin(), all.end(), [&name](const RegisteredModel& one) {
      return strcasecmp(one.name.c_str(), name.c_str()) == 0;
    });
    return same == all.end() ? nullptr : &*same;
  }

 private:
  const Models& models_;
  std::unordered_map<std::string_view, RegisteredModel*> by_name_;
};

std::vector<RegisteredModel> page_rows(Work& work, const search::Query& query) {
  using Integer = std::optional<std::int64_t>;
  std::vector<RegisteredModel> models;
  work.each<std::string, Integer, Integer, Text>(
      query.sql, query.values,
      [&](std::string name, Integer created, Integer updated, Text description) {
        models.push_back({.name = std::move(name),
                          .creation_timestamp = created.value_or(0),
                          .last_updated_timestamp = updated.value_or(0),
                          .description = std::move(description),
                          .latest_versions = {},
                          .tags = {},
                          .aliases = {}});
      });
  return models;
}

// _get_latest_versions_for_models: by stage in the order of its name, as its window query leaves
// them on SQLite, and by version as PostgreSQL's plan does; with tags, without aliases.
void add_latest_versions(Work& work, const PaddedList& names, const ModelNames& by_name,
                         Models& models) {
  const std::string order = work.dialect() == Dialect::Postgresql ? "v.version" : "v.current_stage";
  // The cross joins fix the order of the loops for SQLite, which would take the versions first.
  each_version<Text, Text>(
      work,
      "SELECT " + std::string(kVersionColumns) +
          ", t.key, t.value FROM registered_models m"
          " CROSS JOIN (SELECT 'Archived' AS name UNION ALL SELECT 'None' UNION ALL"
          " SELECT 'Production' UNION ALL SELECT 'Staging') stage"
          " CROSS JOIN model_versions v"
          " LEFT JOIN model_version_tags t ON t.workspace = 'default' AND t.name = v.name"
          " AND t.version = v.version"
          " WHERE v.workspace = 'default' AND v.name = m.name AND v.version ="
          " (SELECT MAX(l.version) FROM model_versions l WHERE l.workspace = 'default'"
          " AND l.name = m.name AND l.current_stage = stage.name)"
          " AND m.workspace = 'default' AND m.name" +
          names.sql + " ORDER BY v.name, " + order + ", " + tag_order(work.dialect(), "t"),
      names.values, [&](ModelVersion version, Text key, Text value) {
        RegisteredModel* model = by_name.find(version.name);
        if (model == nullptr) return;
        auto& latest = model->latest_versions;
        std::size_t bytes = 0;
        if (latest.empty() || latest.back().version != version.version) {
          bytes += sizeof version + (version.description ? version.description->size() : 0);
          latest.push_back(std::move(version));
        }
        if (key) {
          bytes +=
              search::add_tag(latest.back().tags, {*std::move(key), std::move(value).value_or("")});
        }
        models.grow(*model, bytes);
      });
}

void add_tags(Work& work, const PaddedList& names, const ModelNames& by_name, Models& models) {
  work.each<std::string, std::string, Text>(
      "SELECT t.name, t.key, t.value FROM registered_model_tags t"
      " WHERE t.workspace = 'default' AND t.name" +
          names.sql + by_tag_order(work.dialect(), "t"),
      names.values, [&](const std::string& name, std::string key, Text value) {
        if (RegisteredModel* model = by_name.find(name)) {
          models.grow(*model, search::add_tag(model->tags,
                                              {std::move(key), std::move(value).value_or("")}));
        }
      });
}

void add_aliases(Work& work, const PaddedList& names, const ModelNames& by_name, Models& models) {
  work.each<std::string, std::string, std::int64_t>(
      "SELECT a.name, a.alias, a.version FROM registered_model_aliases a"
      " WHERE a.workspace = 'default' AND a.name" +
          names.sql + " ORDER BY a.name, a.alias",
      names.values, [&](const std::string& name, std::string alias, std::int64_t version) {
        if (RegisteredModel* model = by_name.find(name)) {
          const std::size_t bytes = sizeof(RegisteredModelAlias) + alias.size();
          model->aliases.push_back({std::move(alias), version});
          models.grow(*model, bytes);
        }
      });
}

void add_contents(Work& work, Models& models) {
  const ModelNames by_name(models);
  const auto all = models.items();
  const PaddedList names = padded_list(all.size(), [&](std::size_t i) { return all[i].name; });
  add_latest_versions(work, names, by_name, models);
  add_tags(work, names, by_name, models);
  add_aliases(work, names, by_name, models);
}

}  // namespace

bool search_registered_models(Work& work, const search::ParsedSearch& parsed,
                              std::int64_t max_results, std::int64_t offset,
                              const std::function<void(const RegisteredModel&)>& row) {
  // Rows are numbered by the database: a negative limit means all on SQLite, as it does in MLflow.
  const std::int64_t limit = max_results + 1;
  const search::Query query = search::registered_models_query(
      parsed, "m.name, m.creation_time, m.last_updated_time, m.description", {limit, offset},
      work.dialect());
  std::vector<RegisteredModel> page = page_rows(work, query);
  const auto count = static_cast<std::int64_t>(page.size());
  const bool more = count == limit;
  // Python's models[:max_results].
  const std::int64_t kept = max_results >= 0 ? std::min(count, max_results)
                                             : std::max<std::int64_t>(0, count + max_results);
  page.resize(static_cast<std::size_t>(kept));
  search::each_filled(
      std::span(page), {kModelsChunk, kMostContents}, drop_contents,
      [&work](Models& models) { add_contents(work, models); },
      [&](const RegisteredModel& model) { work.deliver(row, model); });
  return more;
}

}  // namespace millrace::registry
