#include "store/registry/rows.h"

#include <algorithm>
#include <span>

#include "store/common/error.h"
#include "store/db/dialect.h"
#include "store/db/padded_list.h"

namespace millrace::registry {
namespace {

using Text = std::optional<std::string>;

std::vector<Tag> model_tags(Work& work, const std::string& name) {
  std::vector<Tag> tags;
  work.each<std::string, Text>(
      "SELECT t.key, t.value FROM registered_model_tags t"
      " WHERE t.workspace = 'default' AND t.name = :name" +
          by_tag_order(work.dialect(), "t"),
      {name}, [&tags](std::string key, Text value) {
        tags.push_back({std::move(key), std::move(value).value_or("")});
      });
  return tags;
}

// Reads the tags of a few versions of one model.
void add_tags(Work& work, const std::string& name, std::span<ModelVersion> versions) {
  if (versions.empty()) return;
  const PaddedList list =
      padded_list(versions.size(), [&](std::size_t i) { return versions[i].version; });
  Values values{name};
  values.insert(values.end(), list.values.begin(), list.values.end());
  work.each<std::int64_t, std::string, Text>(
      "SELECT t.version, t.key, t.value FROM model_version_tags t"
      " WHERE t.workspace = 'default' AND t.name = :name AND t.version" +
          list.sql + by_tag_order(work.dialect(), "t"),
      values, [versions](std::int64_t version, std::string key, Text value) {
        const auto owner =
            std::find_if(versions.begin(), versions.end(),
                         [&](const ModelVersion& v) { return v.version == version; });
        owner->tags.push_back({std::move(key), std::move(value).value_or("")});
      });
}

// Some versions of one model, without aliases, in no order. `which`: the end of a condition on
// v.version. Their tags come by a statement of their own: joined, each would bring the whole row.
std::vector<ModelVersion> versions_with_tags(Work& work, const std::string& name,
                                             const std::string& which, const Values& which_values) {
  Values values{name};
  values.insert(values.end(), which_values.begin(), which_values.end());
  std::vector<ModelVersion> versions;
  each_version(work,
               "SELECT " + std::string(kVersionColumns) +
                   " FROM model_versions v WHERE v.workspace = 'default' AND v.name = :name"
                   " AND v.version" +
                   which,
               values, [&versions](ModelVersion row) { versions.push_back(std::move(row)); });
  add_tags(work, name, versions);
  return versions;
}

struct StageBounds {
  std::int64_t first, last;  // versions
};

// SQLite finds one end of an index by a probe, and both ends together by reading all of it.
std::string stage_bounds_statement(Dialect dialect) {
  std::string sql;
  int names = 0;
  for (const std::string_view stage : kStages) {
    const auto of_stage = [&](std::string_view bounds) {
      return "SELECT " + std::string(bounds) +
             " FROM model_versions WHERE workspace = 'default' AND current_stage = '" +
             std::string(stage) + "' AND name = :name" + std::to_string(names++);
    };
    sql += (sql.empty() ? "" : " UNION ALL ") +
           (dialect == Dialect::Sqlite
                ? "SELECT (" + of_stage("MIN(version)") + "), (" + of_stage("MAX(version)") + ")"
                : of_stage("MIN(version), MAX(version)"));
  }
  return sql;
}

// Of each stage that has versions, in the order of the first ones. Two index probes for each stage,
// however many versions there are (millrace_model_versions_stage).
std::vector<StageBounds> stage_bounds(Work& work, const std::string& name) {
  static const std::string on_sqlite = stage_bounds_statement(Dialect::Sqlite);
  static const std::string on_servers = stage_bounds_statement(Dialect::Mysql);
  const bool sqlite = work.dialect() == Dialect::Sqlite;
  using Integer = std::optional<std::int64_t>;
  std::vector<StageBounds> stages;
  work.each<Integer, Integer>(sqlite ? on_sqlite : on_servers,
                              Values(kStages.size() * (sqlite ? 2 : 1), name),
                              [&stages](Integer first, Integer last) {
                                if (first && last) stages.push_back({*first, *last});
                              });
  std::sort(stages.begin(), stages.end(), [](const StageBounds& one, const StageBounds& other) {
    return one.first < other.first;
  });
  return stages;
}

std::vector<std::string> version_aliases(Work& work, const std::string& name,
                                         std::int64_t version) {
  std::vector<std::string> aliases;
  work.each<std::string>(
      "SELECT alias FROM registered_model_aliases"
      " WHERE workspace = 'default' AND name = :name AND version = :version ORDER BY alias",
      {name, version}, [&aliases](std::string alias) { aliases.push_back(std::move(alias)); });
  return aliases;
}

}  // namespace

void throw_no_model(const std::string& name) {
  throw Error(ErrorCode::ResourceDoesNotExist, "Registered Model with name=" + name + " not found");
}

void throw_no_version(const std::string& name, std::int64_t version) {
  throw Error(ErrorCode::ResourceDoesNotExist, "Model Version (name=" + name + ", version=" +
                                                   std::to_string(version) + ") not found");
}

void require_model(Work& work, const std::string& name) {
  const auto found = work.first<std::int64_t>(
      "SELECT 1 FROM registered_models WHERE workspace = 'default' AND name = :name", {name});
  if (!found) throw_no_model(name);
}

void require_version(Work& work, const std::string& name, std::int64_t version) {
  if (!fits_id(version)) throw_no_version(name, version);
  const auto found = work.first<std::int64_t>(
      "SELECT 1 FROM model_versions WHERE workspace = 'default' AND name = :name"
      " AND version = :version AND current_stage <> 'Deleted_Internal'",
      {name, version});
  if (!found) throw_no_version(name, version);
}

RegisteredModel load_model(Work& work, const std::string& name) {
  using Integer = std::optional<std::int64_t>;
  // InnoDB has them in that order, for which MySQL would make a temporary table.
  const std::string by_alias = work.dialect() == Dialect::Mysql ? "" : " ORDER BY a.alias";
  std::optional<RegisteredModel> model;
  work.each<std::string, Integer, Integer, Text, Text, Integer>(
      "SELECT m.name, m.creation_time, m.last_updated_time, m.description, a.alias, a.version"
      " FROM registered_models m LEFT JOIN registered_model_aliases a"
      " ON a.workspace = m.workspace AND a.name = m.name"
      " WHERE m.workspace = 'default' AND m.name = :name" +
          by_alias,
      {name},
      [&model](std::string stored_name, Integer created, Integer updated, Text description,
               Text alias, Integer version) {
        if (!model) {
          model = {.name = std::move(stored_name),
                   .creation_timestamp = created.value_or(0),
                   .last_updated_timestamp = updated.value_or(0),
                   .description = std::move(description),
                   .latest_versions = {},
                   .tags = {},
                   .aliases = {}};
        }
        if (alias) model->aliases.push_back({*std::move(alias), version.value_or(0)});
      });
  if (!model) throw_no_model(name);
  model->latest_versions = latest_versions(work, name);
  model->tags = model_tags(work, name);
  return *std::move(model);
}

ModelVersion load_version(Work& work, const std::string& name, std::int64_t version) {
  if (!fits_id(version)) throw_no_version(name, version);
  std::vector<ModelVersion> found = versions_with_tags(
      work, name, " = :version AND v.current_stage <> 'Deleted_Internal'", {version});
  if (found.empty()) throw_no_version(name, version);
  found.front().aliases = version_aliases(work, name, version);
  return std::move(found.front());
}

std::vector<ModelVersion> latest_versions(Work& work, const std::string& name) {
  const std::vector<StageBounds> stages = stage_bounds(work, name);
  if (stages.empty()) return {};
  const PaddedList list = padded_list(stages.size(), [&](std::size_t i) { return stages[i].last; });
  std::vector<ModelVersion> versions = versions_with_tags(work, name, list.sql, list.values);
  const auto turn = [&stages](const ModelVersion& version) {
    return std::find_if(stages.begin(), stages.end(),
                        [&](const StageBounds& stage) { return stage.last == version.version; });
  };
  std::sort(versions.begin(), versions.end(),
            [&](const ModelVersion& a, const ModelVersion& b) { return turn(a) < turn(b); });
  return versions;
}

std::vector<RegisteredModelAlias> model_aliases(Work& work, const std::string& name) {
  std::vector<RegisteredModelAlias> aliases;
  work.each<std::string, std::int64_t>(
      "SELECT alias, version FROM registered_model_aliases"
      " WHERE workspace = 'default' AND name = :name ORDER BY alias",
      {name}, [&aliases](std::string alias, std::int64_t version) {
        aliases.push_back({std::move(alias), version});
      });
  return aliases;
}

}  // namespace millrace::registry
