#include "store/registry/model_versions.h"

#include <algorithm>

#include "store/common/error.h"
#include "store/db/dialect.h"
#include "store/db/key_spelling.h"
#include "store/db/rows_statement.h"
#include "store/registry/model_lock.h"
#include "store/registry/rows.h"
#include "store/text/ascii.h"

namespace millrace::registry {
namespace {

Value value_of(const std::optional<std::string>& text) { return text ? Value(*text) : Value(); }

// Each key once. Those of a new version: MySQL may not make two of them one.
void write_version_tags(Work& work, const std::string& name, std::int64_t version,
                        const std::vector<Tag>& tags) {
  static const RowsStatement upsert_tags(5, [](Dialect dialect, std::size_t rows) {
    return upsert_spelled(dialect, "model_version_tags", "key", {"workspace", "name", "version"},
                          {"value"}, rows);
  });
  Values values;
  for (const Tag& tag : tags)
    values.insert(values.end(), {tag.key, kWorkspace, name, version, tag.value});
  write_keys(
      work, [&] { upsert_tags.execute(work, std::move(values)); },
      [&] {
        return WrittenKeys{"model_version_tags",
                           "key",
                           "workspace = 'default' AND name = :name AND version = :version",
                           {name, version},
                           keys_of(tags)};
      });
}

std::int64_t next_version(Work& work, const std::string& name) {
  const auto row = work.first<std::optional<std::int64_t>>(
      "SELECT MAX(version) FROM model_versions WHERE workspace = 'default' AND name = :name",
      {name});
  return std::get<0>(*row).value_or(0) + 1;
}

// MLflow's time of the model's last change, which changes of its versions move too.
void stamp_model(Work& work, const std::string& name, std::int64_t now) {
  work.execute(
      "UPDATE registered_models SET last_updated_time = :now"
      " WHERE workspace = 'default' AND name = :name",
      {now, name});
}

// With aliases, unlike latest_versions.
std::vector<ModelVersion> latest_with_aliases(Work& work, const std::string& name) {
  require_model(work, name);
  auto versions = latest_versions(work, name);
  for (RegisteredModelAlias& alias : model_aliases(work, name)) {
    for (ModelVersion& version : versions) {
      if (version.version == alias.version) version.aliases.push_back(std::move(alias.alias));
    }
  }
  return versions;
}

ModelVersion highest(std::vector<ModelVersion> versions, const std::string& name) {
  const auto by_number = [](const ModelVersion& a, const ModelVersion& b) {
    return a.version < b.version;
  };
  const auto found = std::max_element(versions.begin(), versions.end(), by_number);
  if (found == versions.end()) {
    throw Error(ErrorCode::ResourceDoesNotExist,
                "Latest version not found for model " + name + ".");
  }
  return std::move(*found);
}

}  // namespace

ModelVersion create_model_version(Work& work, const NewModelVersion& version) {
  lock_model(work, version.name, [&] { require_model(work, version.name); });
  const std::int64_t now = work.now();
  stamp_model(work, version.name, now);
  ModelVersion created{.name = version.name,
                       .version = next_version(work, version.name),
                       .creation_timestamp = now,
                       .last_updated_timestamp = now,
                       .current_stage = "None",
                       .description = version.description,
                       .source = version.source,
                       .storage_location = version.storage_location,
                       .run_id = version.run_id,
                       .run_link = version.run_link,
                       .status = "READY",
                       .tags = distinct(version.tags),
                       .aliases = {}};
  work.execute(
      "INSERT INTO model_versions (workspace, name, version, creation_time, last_updated_time,"
      " description, current_stage, source, storage_location, run_id, run_link, status)"
      " VALUES ('default', :name, :version, :created, :updated, :description, 'None', :source,"
      " :storage_location, :run_id, :run_link, 'READY')",
      {created.name, created.version, now, now, value_of(created.description), version.source,
       version.storage_location, value_of(created.run_id), value_of(created.run_link)});
  write_version_tags(work, created.name, created.version, created.tags);
  return created;
}

ModelVersion get_model_version(Work& work, const std::string& name, std::int64_t version) {
  return load_version(work, name, version);
}

ModelVersion get_model_version_by_alias(Work& work, const std::string& name,
                                        const std::string& alias) {
  if (ascii_lower(alias) == "latest") {
    return highest(latest_with_aliases(work, name), name);
  }
  require_model(work, name);
  const auto row = work.first<std::string, std::int64_t>(
      "SELECT name, version FROM registered_model_aliases"
      " WHERE workspace = 'default' AND name = :name AND alias = :alias",
      {name, alias});
  if (!row) throw_invalid_parameter("Registered model alias " + alias + " not found.");
  return load_version(work, std::get<0>(*row), std::get<1>(*row));
}

std::vector<ModelVersion> get_latest_versions(Work& work, const std::string& name,
                                              const std::vector<std::string>& stages) {
  auto versions = latest_with_aliases(work, name);
  if (!stages.empty()) {
    std::erase_if(versions, [&stages](const ModelVersion& version) {
      return std::find(stages.begin(), stages.end(), version.current_stage) == stages.end();
    });
  }
  return versions;
}

ModelVersion update_model_version(Work& work, const std::string& name, std::int64_t version,
                                  const std::optional<std::string>& description) {
  require_version(work, name, version);
  work.execute(
      "UPDATE model_versions SET description = :description, last_updated_time = :now"
      " WHERE workspace = 'default' AND name = :name AND version = :version"
      " AND current_stage <> 'Deleted_Internal'",  // it may be going at this moment
      {value_of(description), work.now(), name, version});
  return load_version(work, name, version);
}

ModelVersion transition_model_version_stage(Work& work, const std::string& name,
                                            std::int64_t version, const std::string& stage,
                                            bool archive_existing_versions) {
  lock_model(work, name, [&] { require_version(work, name, version); });
  const std::int64_t now = work.now();
  stamp_model(work, name, now);
  if (archive_existing_versions) {
    work.execute(
        "UPDATE model_versions SET current_stage = 'Archived', last_updated_time = :now"
        " WHERE workspace = 'default' AND name = :name AND version <> :version"
        " AND current_stage = :stage",
        {now, name, version, stage});
  }
  work.execute(
      "UPDATE model_versions SET current_stage = :stage, last_updated_time = :now"
      " WHERE workspace = 'default' AND name = :name AND version = :version",
      {stage, now, name, version});
  return load_version(work, name, version);
}

void delete_model_version(Work& work, const std::string& name, std::int64_t version) {
  lock_model(work, name, [&] { require_version(work, name, version); });
  const std::int64_t now = work.now();
  stamp_model(work, name, now);
  work.execute(
      "UPDATE model_versions SET current_stage = 'Deleted_Internal', last_updated_time = :now,"
      " description = NULL, user_id = NULL, source = 'REDACTED-SOURCE-PATH',"
      " run_id = 'REDACTED-RUN-ID', run_link = 'REDACTED-RUN-LINK', status_message = NULL"
      " WHERE workspace = 'default' AND name = :name AND version = :version",
      {now, name, version});
  work.execute(
      "DELETE FROM registered_model_aliases"
      " WHERE workspace = 'default' AND name = :name AND version = :version",
      {name, version});
}

std::optional<std::string> get_model_version_download_uri(Work& work, const std::string& name,
                                                          std::int64_t version) {
  using Text = std::optional<std::string>;
  const auto row = work.first<Text, Text>(
      "SELECT storage_location, source FROM model_versions WHERE workspace = 'default'"
      " AND name = :name AND version = :version AND current_stage <> 'Deleted_Internal'",
      {name, version});
  if (!row) throw_no_version(name, version);
  const auto& [storage_location, source] = *row;
  return storage_location.value_or("").empty() ? source : storage_location;
}

void set_model_version_tag(Work& work, const std::string& name, std::int64_t version,
                           const Tag& tag) {
  static const RowsStatement upsert_tag(5, [](Dialect dialect, std::size_t rows) {
    return upsert(dialect, "model_version_tags", {"workspace", "key", "name", "version"}, {"value"},
                  rows);
  });
  require_version(work, name, version);
  upsert_tag.execute(work, {kWorkspace, tag.key, name, version, tag.value});
}

void delete_model_version_tag(Work& work, const std::string& name, std::int64_t version,
                              const std::string& key) {
  require_version(work, name, version);
  work.execute(
      "DELETE FROM model_version_tags WHERE model_version_tags.workspace = 'default'"
      " AND model_version_tags.key = :key AND model_version_tags.name = :name"
      " AND model_version_tags.version = :version",
      {key, name, version});
}

}  // namespace millrace::registry
