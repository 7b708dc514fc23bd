#include "store/registry/model_versions.h"

#include <algorithm>

#include "store/common/clock.h"
#include "store/common/error.h"
#include "store/registry/model_lock.h"
#include "store/registry/rows.h"
#include "store/text/ascii.h"

namespace millrace {
namespace {

Value value_of(const std::optional<std::string>& text) { return text ? Value(*text) : Value(); }

void write_tags(Session& session, Dialect dialect, const std::string& name, std::int64_t version,
                const std::vector<Tag>& tags) {
  const std::string sql =
      upsert(dialect, "model_version_tags", {"workspace", "key", "name", "version"}, {"value"});
  for (const Tag& tag : tags) {
    session.execute(sql, {"default", tag.key, name, version, tag.value});
  }
}

std::int64_t next_version(Session& session, const std::string& name) {
  const auto row = session.first<std::optional<std::int64_t>>(
      "SELECT MAX(version) FROM model_versions WHERE workspace = 'default' AND name = :name",
      {name});
  return std::get<0>(*row).value_or(0) + 1;
}

// MLflow's time of the model's last change, which changes of its versions move too.
void stamp_model(Session& session, const std::string& name, std::int64_t now) {
  session.execute(
      "UPDATE registered_models SET last_updated_time = :now"
      " WHERE workspace = 'default' AND name = :name",
      {now, name});
}

// With aliases, unlike registry::latest_versions.
std::vector<ModelVersion> latest_with_aliases(Session& session, Dialect dialect,
                                              const std::string& name) {
  registry::require_model(session, name, "");
  auto versions = registry::latest_versions(session, dialect, name);
  for (RegisteredModelAlias& alias : registry::model_aliases(session, name)) {
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

ModelVersion ModelVersions::create(const NewModelVersion& version) {
  const Dialect dialect = db_.dialect();
  return db_.write(load_of(version.tags.size()), [&](Session& session) {
    registry::lock_model(session, dialect, version.name,
                         [&] { registry::require_model(session, version.name, ""); });
    const std::int64_t now = now_ms();
    stamp_model(session, version.name, now);
    ModelVersion created{.name = version.name,
                         .version = next_version(session, version.name),
                         .creation_timestamp = now,
                         .last_updated_timestamp = now,
                         .current_stage = "None",
                         .description = version.description,
                         .source = version.source,
                         .storage_location = version.storage_location,
                         .run_id = version.run_id,
                         .run_link = version.run_link,
                         .status = "READY",
                         .tags = registry::distinct(version.tags),
                         .aliases = {}};
    session.execute(
        "INSERT INTO model_versions (workspace, name, version, creation_time, last_updated_time,"
        " description, current_stage, source, storage_location, run_id, run_link, status)"
        " VALUES ('default', :name, :version, :created, :updated, :description, 'None', :source,"
        " :storage_location, :run_id, :run_link, 'READY')",
        {created.name, created.version, now, now, value_of(created.description), version.source,
         version.storage_location, value_of(created.run_id), value_of(created.run_link)});
    write_tags(session, dialect, created.name, created.version, created.tags);
    return created;
  });
}

ModelVersion ModelVersions::get(const std::string& name, std::int64_t version) {
  return db_.read([&](Session& session) {
    return registry::load_version(session, db_.dialect(), name, version);
  });
}

ModelVersion ModelVersions::get_by_alias(const std::string& name, const std::string& alias) {
  const Dialect dialect = db_.dialect();
  return db_.read([&](Session& session) {
    if (ascii_lower(alias) == "latest") {
      return highest(latest_with_aliases(session, dialect, name), name);
    }
    registry::require_model(session, name, "");
    const auto row = session.first<std::string, std::int64_t>(
        "SELECT name, version FROM registered_model_aliases"
        " WHERE workspace = 'default' AND name = :name AND alias = :alias",
        {name, alias});
    if (!row) throw_invalid_parameter("Registered model alias " + alias + " not found.");
    return registry::load_version(session, dialect, std::get<0>(*row), std::get<1>(*row));
  });
}

std::vector<ModelVersion> ModelVersions::get_latest_versions(
    const std::string& name, const std::vector<std::string>& stages) {
  auto versions =
      db_.read([&](Session& session) { return latest_with_aliases(session, db_.dialect(), name); });
  if (!stages.empty()) {
    std::erase_if(versions, [&stages](const ModelVersion& version) {
      return std::find(stages.begin(), stages.end(), version.current_stage) == stages.end();
    });
  }
  return versions;
}

ModelVersion ModelVersions::update(const std::string& name, std::int64_t version,
                                   const std::optional<std::string>& description) {
  const Dialect dialect = db_.dialect();
  return db_.write([&](Session& session) {
    registry::require_version(session, name, version, row_lock(dialect));
    session.execute(
        "UPDATE model_versions SET description = :description, last_updated_time = :now"
        " WHERE workspace = 'default' AND name = :name AND version = :version",
        {value_of(description), now_ms(), name, version});
    return registry::load_version(session, dialect, name, version);
  });
}

ModelVersion ModelVersions::transition_stage(const std::string& name, std::int64_t version,
                                             const std::string& stage,
                                             bool archive_existing_versions) {
  const Dialect dialect = db_.dialect();
  return db_.write([&](Session& session) {
    registry::lock_model(session, dialect, name,
                         [&] { registry::require_version(session, name, version, ""); });
    const std::int64_t now = now_ms();
    stamp_model(session, name, now);
    if (archive_existing_versions) {
      session.execute(
          "UPDATE model_versions SET current_stage = 'Archived', last_updated_time = :now"
          " WHERE workspace = 'default' AND name = :name AND version <> :version"
          " AND current_stage = :stage",
          {now, name, version, stage});
    }
    session.execute(
        "UPDATE model_versions SET current_stage = :stage, last_updated_time = :now"
        " WHERE workspace = 'default' AND name = :name AND version = :version",
        {stage, now, name, version});
    return registry::load_version(session, dialect, name, version);
  });
}

void ModelVersions::remove(const std::string& name, std::int64_t version) {
  const Dialect dialect = db_.dialect();
  db_.write([&](Session& session) {
    registry::lock_model(session, dialect, name,
                         [&] { registry::require_version(session, name, version, ""); });
    const std::int64_t now = now_ms();
    stamp_model(session, name, now);
    session.execute(
        "UPDATE model_versions SET current_stage = 'Deleted_Internal', last_updated_time = :now,"
        " description = NULL, user_id = NULL, source = 'REDACTED-SOURCE-PATH',"
        " run_id = 'REDACTED-RUN-ID', run_link = 'REDACTED-RUN-LINK', status_message = NULL"
        " WHERE workspace = 'default' AND name = :name AND version = :version",
        {now, name, version});
    session.execute(
        "DELETE FROM registered_model_aliases"
        " WHERE workspace = 'default' AND name = :name AND version = :version",
        {name, version});
  });
}

std::optional<std::string> ModelVersions::download_uri(const std::string& name,
                                                       std::int64_t version) {
  return db_.read([&](Session& session) {
    using Text = std::optional<std::string>;
    const auto row = session.first<Text, Text>(
        "SELECT storage_location, source FROM model_versions WHERE workspace = 'default'"
        " AND name = :name AND version = :version AND current_stage <> 'Deleted_Internal'",
        {name, version});
    if (!row) registry::throw_no_version(name, version);
    const auto& [storage_location, source] = *row;
    return storage_location.value_or("").empty() ? source : storage_location;
  });
}

void ModelVersions::set_tag(const std::string& name, std::int64_t version, const Tag& tag) {
  const Dialect dialect = db_.dialect();
  db_.write([&](Session& session) {
    registry::require_version(session, name, version, row_lock(dialect));
    write_tags(session, dialect, name, version, {tag});
  });
}

void ModelVersions::delete_tag(const std::string& name, std::int64_t version,
                               const std::string& key) {
  db_.write([&](Session& session) {
    registry::require_version(session, name, version, "");
    session.execute(
        "DELETE FROM model_version_tags WHERE model_version_tags.workspace = 'default'"
        " AND model_version_tags.key = :key AND model_version_tags.name = :name"
        " AND model_version_tags.version = :version",
        {key, name, version});
  });
}

}  // namespace millrace
