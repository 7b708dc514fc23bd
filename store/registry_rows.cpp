#include "store/registry_rows.h"

#include <algorithm>
#include <span>
#include <unordered_map>

#include "store/common/error.h"
#include "store/padded_list.h"

namespace millrace::registry {
namespace {

using Text = std::optional<std::string>;

std::vector<Tag> model_tags(Session& session, Dialect dialect, const std::string& name) {
  std::vector<Tag> tags;
  session.each<std::string, Text>(
      "SELECT t.key, t.value FROM registered_model_tags t"
      " WHERE t.workspace = 'default' AND t.name = :name" +
          by_tag_order(dialect, "t"),
      {name}, [&tags](std::string key, Text value) {
        tags.push_back({std::move(key), std::move(value).value_or("")});
      });
  return tags;
}

// Reads the tags of a few versions of one model.
void add_tags(Session& session, Dialect dialect, const std::string& name,
              std::span<ModelVersion> versions) {
  if (versions.empty()) return;
  const PaddedList list =
      padded_list(versions.size(), [&](std::size_t i) { return versions[i].version; });
  Values values{name};
  values.insert(values.end(), list.values.begin(), list.values.end());
  session.each<std::int64_t, std::string, Text>(
      "SELECT t.version, t.key, t.value FROM model_version_tags t"
      " WHERE t.workspace = 'default' AND t.name = :name AND t.version" +
          list.sql + by_tag_order(dialect, "t"),
      values, [versions](std::int64_t version, std::string key, Text value) {
        const auto owner =
            std::find_if(versions.begin(), versions.end(),
                         [&](const ModelVersion& v) { return v.version == version; });
        owner->tags.push_back({std::move(key), std::move(value).value_or("")});
      });
}

// The latest version of each stage, and the first one of the same stage as a further column.
struct LatestVersionsStatement {
  std::string sql;
  std::size_t names = 0;  // places for the name of the model
};

LatestVersionsStatement latest_versions_statement() {
  LatestVersionsStatement result;
  const auto of_stage = [&result](const std::string& aggregate, std::string_view stage) {
    return "(SELECT " + aggregate +
           "(s.version) FROM model_versions s WHERE s.workspace = 'default' AND s.name = :name" +
           std::to_string(result.names++) + " AND s.current_stage = '" + std::string(stage) + "')";
  };
  std::string firsts, lasts;
  for (const std::string_view stage : kStages) {
    firsts += " WHEN '" + std::string(stage) + "' THEN " + of_stage("MIN", stage);
  }
  const std::string name = ":name" + std::to_string(result.names++);
  for (const std::string_view stage : kStages) {
    lasts += (lasts.empty() ? "" : ", ") + of_stage("MAX", stage);
  }
  result.sql = "SELECT " + std::string(kVersionColumns) + ", CASE v.current_stage" + firsts +
               " END FROM model_versions v WHERE v.workspace = 'default' AND v.name = " + name +
               " AND v.version IN (" + lasts + ")";
  return result;
}

std::vector<std::string> version_aliases(Session& session, const std::string& name,
                                         std::int64_t version) {
  std::vector<std::string> aliases;
  session.each<std::string>(
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

void require_model(Session& session, const std::string& name, std::string_view lock) {
  const auto found = session.first<std::int64_t>(
      "SELECT 1 FROM registered_models WHERE workspace = 'default' AND name = :name" +
          std::string(lock),
      {name});
  if (!found) throw_no_model(name);
}

void require_version(Session& session, const std::string& name, std::int64_t version,
                     std::string_view lock) {
  if (!fits_id(version)) throw_no_version(name, version);
  const auto found = session.first<std::int64_t>(
      "SELECT 1 FROM model_versions WHERE workspace = 'default' AND name = :name"
      " AND version = :version AND current_stage <> 'Deleted_Internal'" +
          std::string(lock),
      {name, version});
  if (!found) throw_no_version(name, version);
}

RegisteredModel load_model(Session& session, Dialect dialect, const std::string& name) {
  using Integer = std::optional<std::int64_t>;
  std::optional<RegisteredModel> model;
  session.each<std::string, Integer, Integer, Text, Text, Integer>(
      "SELECT m.name, m.creation_time, m.last_updated_time, m.description, a.alias, a.version"
      " FROM registered_models m LEFT JOIN registered_model_aliases a"
      " ON a.workspace = m.workspace AND a.name = m.name"
      " WHERE m.workspace = 'default' AND m.name = :name ORDER BY a.alias",
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
  model->latest_versions = latest_versions(session, dialect, name);
  model->tags = model_tags(session, dialect, name);
  return *std::move(model);
}

ModelVersion load_version(Session& session, Dialect dialect, const std::string& name,
                          std::int64_t version) {
  if (!fits_id(version)) throw_no_version(name, version);
  std::optional<ModelVersion> found;
  each_version(session,
               "SELECT " + std::string(kVersionColumns) +
                   " FROM model_versions v WHERE v.workspace = 'default' AND v.name = :name"
                   " AND v.version = :version AND v.current_stage <> 'Deleted_Internal'",
               {name, version}, [&found](ModelVersion row) { found = std::move(row); });
  if (!found) throw_no_version(name, version);
  add_tags(session, dialect, name, {&*found, 1});
  found->aliases = version_aliases(session, name, version);
  return *std::move(found);
}

std::vector<ModelVersion> latest_versions(Session& session, Dialect dialect,
                                          const std::string& name) {
  // Two index probes per stage that has versions, one per other stage, however many versions there
  // are (millrace_model_versions_stage): each subquery is a constant to every planner.
  static const LatestVersionsStatement statement = latest_versions_statement();
  struct Latest {
    std::int64_t first_version;
    ModelVersion version;
  };
  std::vector<Latest> latest;
  each_version<std::int64_t>(session, statement.sql, Values(statement.names, name),
                             [&latest](ModelVersion version, std::int64_t first_version) {
                               latest.push_back({first_version, std::move(version)});
                             });
  std::sort(latest.begin(), latest.end(), [](const Latest& one, const Latest& other) {
    return one.first_version < other.first_version;
  });
  std::vector<ModelVersion> versions;
  for (Latest& row : latest) versions.push_back(std::move(row.version));
  add_tags(session, dialect, name, versions);
  return versions;
}

std::vector<RegisteredModelAlias> model_aliases(Session& session, const std::string& name) {
  std::vector<RegisteredModelAlias> aliases;
  session.each<std::string, std::int64_t>(
      "SELECT alias, version FROM registered_model_aliases"
      " WHERE workspace = 'default' AND name = :name ORDER BY alias",
      {name}, [&aliases](std::string alias, std::int64_t version) {
        aliases.push_back({std::move(alias), version});
      });
  return aliases;
}

std::vector<Tag> distinct(const std::vector<Tag>& tags) {
  std::vector<Tag> result;
  std::unordered_map<std::string_view, std::size_t> positions;
  for (const Tag& tag : tags) {
    const auto [position, is_new] = positions.try_emplace(tag.key, result.size());
    if (is_new) {
      result.push_back(tag);
    } else {
      result[position->second].value = tag.value;
    }
  }
  return result;
}

}  // namespace millrace::registry
