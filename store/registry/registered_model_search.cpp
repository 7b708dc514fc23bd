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
#include "store/search/query.h"

namespace millrace::registry {
namespace {

using Text = std::optional<std::string>;

// The usual page, MLflow's default, is one chunk.
constexpr std::size_t kModelsChunk = 100;
// What the contents of a chunk may take, in bytes.
constexpr std::size_t kMostContents = std::size_t{8} << 20U;

// The models of a chunk by their names. When their contents become too large the last ones are left
// out, for a later chunk.
class Models {
 public:
  explicit Models(std::span<RegisteredModel> chunk) : chunk_(chunk), bytes_(chunk.size()) {
    for (RegisteredModel& model : chunk) by_name_.emplace(model.name, &model);
  }

  // Null for one that is left out. MySQL finds rows whose name has another case, too, which a
  // client may have made with it; MLflow fails on them. None where the name differs in an accent,
  // which MySQL does not tell apart either.
  RegisteredModel* find(const std::string& name) {
    const auto exact = by_name_.find(name);
    if (exact != by_name_.end()) {
      return exact->second - chunk_.data() < std::ssize(chunk_) ? exact->second : nullptr;
    }
    const auto same =
        std::find_if(chunk_.begin(), chunk_.end(), [&name](const RegisteredModel& one) {
          return strcasecmp(one.name.c_str(), name.c_str()) == 0;
        });
    return same == chunk_.end() ? nullptr : &*same;
  }

  // So much was added to one that was found. The last ones go, this one perhaps among them.
  void grow(const RegisteredModel& model, std::size_t bytes) {
    bytes_[static_cast<std::size_t>(&model - chunk_.data())] += bytes;
    all_ += bytes;
    while (all_ > kMostContents && chunk_.size() > 1) {
      RegisteredModel& last = chunk_.back();
      last.latest_versions = {};
      last.tags = {};
      last.aliases = {};
      chunk_ = chunk_.first(chunk_.size() - 1);
      all_ -= bytes_[chunk_.size()];
    }
  }

  // Those that are not left out, at least one.
  std::span<RegisteredModel> kept() const { return chunk_; }

 private:
  std::span<RegisteredModel> chunk_;
  std::vector<std::size_t> bytes_;  // of each model's contents
  std::size_t all_ = 0;             // of those that are kept
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

// Returns what it takes.
std::size_t add_tag(std::vector<Tag>& tags, std::string key, Text value) {
  const Tag& tag = tags.emplace_back(Tag{std::move(key), std::move(value).value_or("")});
  return sizeof tag + tag.key.size() + tag.value.size();
}

// _get_latest_versions_for_models: by stage in the order of its name, as its window query leaves
// them on SQLite, and by version as PostgreSQL's plan does; with tags, without aliases.
void add_latest_versions(Work& work, const PaddedList& names, Models& models) {
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
        RegisteredModel* model = models.find(version.name);
        if (model == nullptr) return;
        auto& latest = model->latest_versions;
        std::size_t bytes = 0;
        if (latest.empty() || latest.back().version != version.version) {
          bytes += sizeof version + version.description.value_or("").size();
          latest.push_back(std::move(version));
        }
        if (key) bytes += add_tag(latest.back().tags, *std::move(key), std::move(value));
        models.grow(*model, bytes);
      });
}

void add_tags(Work& work, const PaddedList& names, Models& models) {
  work.each<std::string, std::string, Text>(
      "SELECT t.name, t.key, t.value FROM registered_model_tags t"
      " WHERE t.workspace = 'default' AND t.name" +
          names.sql + by_tag_order(work.dialect(), "t"),
      names.values, [&](const std::string& name, std::string key, Text value) {
        if (RegisteredModel* model = models.find(name)) {
          models.grow(*model, add_tag(model->tags, std::move(key), std::move(value)));
        }
      });
}

void add_aliases(Work& work, const PaddedList& names, Models& models) {
  work.each<std::string, std::string, std::int64_t>(
      "SELECT a.name, a.alias, a.version FROM registered_model_aliases a"
      " WHERE a.workspace = 'default' AND a.name" +
          names.sql + " ORDER BY a.name, a.alias",
      names.values, [&](const std::string& name, std::string alias, std::int64_t version) {
        if (RegisteredModel* model = models.find(name)) {
          const std::size_t bytes = sizeof(RegisteredModelAlias) + alias.size();
          model->aliases.push_back({std::move(alias), version});
          models.grow(*model, bytes);
        }
      });
}

// Returns the models that have them now: the first ones, at least one.
std::span<RegisteredModel> add_contents(Work& work, std::span<RegisteredModel> chunk) {
  Models models(chunk);
  const PaddedList names = padded_list(chunk.size(), [&](std::size_t i) { return chunk[i].name; });
  add_latest_versions(work, names, models);
  add_tags(work, names, models);
  add_aliases(work, names, models);
  return models.kept();
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
  std::size_t most = kModelsChunk;
  for (std::span<RegisteredModel> rest(page); !rest.empty();) {
    const auto chunk = rest.first(std::min(most, rest.size()));
    const auto filled = add_contents(work, chunk);
    for (RegisteredModel& model : filled) {
      work.deliver(row, model);
      model = {};
    }
    rest = rest.subspan(filled.size());
    most = filled.size() < chunk.size() ? filled.size() : std::min(2 * most, kModelsChunk);
  }
  return more;
}

}  // namespace millrace::registry
