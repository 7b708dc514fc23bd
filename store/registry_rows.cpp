#include "store/registry_rows.h"

#include <algorithm>
#include <unordered_map>

#include "store/common/error.h"

namespace millrace::registry {
namespace {

using Text = std::optional<std::string>;

std::vector<Tag> model_tags(Session& session, Dialect dialect, const std::string& name) {
  std::vector<Tag> tags;
  session.each<std::string, Text>(
      "SELECT t.key, t.value FROM registered_model_tags t"
      " WHERE t.workspace = 'default' AND t.name = :name ORDER BY " +
          tag_order(dialect, "t"),
      {name}, [&tags](std::string key, Text value) {
        tags.push_back({std::move(key), std::move(value).value_or("")});
      });
  return tags;
}

std::vector<Tag> version_tags(Session& session, Dialect dialect, const std::string& name,
                              std::int64_t version) {
  std::vector<Tag> tags;
  session.each<std::string, Text>(
      "SELECT t.key, t.value FROM model_version_tags t"
      " WHERE t.workspace = 'default' AND t.name = :name AND t.version = :version ORDER BY " +
          tag_order(dialect, "t"),
      {name, version}, [&tags](std::string key, Text value) {
        tags.push_back({std::move(key), std::move(value).value_or("")});
      });
  return tags;
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
  const auto found = session.first<std::int64_t>(
      "SELECT 1 FROM model_versions WHERE workspace = 'default' AND name = :name"
      " AND version = :version AND current_stage <> 'Deleted_Internal'" +
          std::string(lock),
      {name, version});
  if (!found) throw_no_version(name, version);
}

RegisteredModel load_model(Session& session, Dialect dialect, const std::string& name) {
  using Integer = std::optional<std::int64_t>;
  const auto row = session.first<std::string, Integer, Integer, Text>(
      "SELECT name, creation_time, last_updated_time, description FROM registered_models"
      " WHERE workspace = 'default' AND name = :name",
      {name});
  if (!row) throw_no_model(name);
  const auto& [stored_name, created, updated, description] = *row;
  return {.name = stored_name,
          .creation_timestamp = created.value_or(0),
          .last_updated_timestamp = updated.value_or(0),
          .description = description,
          .latest_versions = latest_versions(session, dialect, name),
          .tags = model_tags(session, dialect, name),
          .aliases = model_aliases(session, name)};
}

ModelVersion load_version(Session& session, Dialect dialect, const std::string& name,
                          std::int64_t version) {
  std::optional<ModelVersion> found;
  each_version(session,
               "SELECT " + std::string(kVersionColumns) +
                   " FROM model_versions v WHERE v.workspace = 'default' AND v.name = :name"
                   " AND v.version = :version AND v.current_stage <> 'Deleted_Internal'",
               {name, version}, [&found](ModelVersion row) { found = std::move(row); });
  if (!found) throw_no_version(name, version);
  found->tags = version_tags(session, dialect, name, version);
  found->aliases = version_aliases(session, name, version);
  return *std::move(found);
}

std::vector<ModelVersion> latest_versions(Session& session, Dialect dialect,
                                          const std::string& name) {
  struct Latest {
    std::int64_t first_version;
    ModelVersion version;
  };
  // Two index probes per stage, however many versions there are (millrace_model_versions_stage).
  // The cross joins fix the order of the loops for SQLite, which would take the versions first.
  std::vector<Latest> latest;
  each_version<std::int64_t>(
      session,
      "SELECT " + std::string(kVersionColumns) +
          ", (SELECT MIN(f.version) FROM model_versions f WHERE f.workspace = 'default'"
          " AND f.name = v.name AND f.current_stage = v.current_stage)"
          " FROM (SELECT 'None' AS name UNION ALL SELECT 'Staging' UNION ALL"
          " SELECT 'Production' UNION ALL SELECT 'Archived') stage CROSS JOIN model_versions v"
          " WHERE v.workspace = 'default' AND v.name = :name AND v.version ="
          " (SELECT MAX(l.version) FROM model_versions l WHERE l.workspace = 'default'"
          " AND l.name = :latest_name AND l.current_stage = stage.name)",
      {name, name}, [&latest](ModelVersion version, std::int64_t first_version) {
        latest.push_back({first_version, std::move(version)});
      });
  std::sort(latest.begin(), latest.end(), [](const Latest& one, const Latest& other) {
    return one.first_version < other.first_version;
  });
  std::vector<ModelVersion> versions;
  for (Latest& row : latest) {
    // At most four statements; in the one above, each tag would repeat all columns.
    row.version.tags = version_tags(session, dialect, name, row.version.version);
    versions.push_back(std::move(row.version));
  }
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
