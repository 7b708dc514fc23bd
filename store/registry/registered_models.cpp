#include "store/registry/registered_models.h"

#include <algorithm>

#include "store/common/clock.h"
#include "store/common/error.h"
#include "store/registry/model_lock.h"
#include "store/registry/rows.h"
#include "store/text/ascii.h"
#include "store/text/python_text.h"

namespace millrace {
namespace {

bool has_prompt_tag(const std::vector<Tag>& tags) {
  return std::any_of(tags.begin(), tags.end(),
                     [](const Tag& tag) { return tag.key == registry::kIsPromptTag; });
}

// The value of the model's prompt tag, if it has one.
std::optional<std::string> prompt_tag(Session& session, const std::string& name) {
  const auto row = session.first<std::optional<std::string>>(
      "SELECT t.value FROM registered_model_tags t"
      " WHERE t.workspace = 'default' AND t.key = 'mlflow.prompt.is_prompt' AND t.name = :name",
      {name});
  if (!row) return std::nullopt;
  return std::get<0>(*row).value_or("");
}

// handle_resource_already_exist_error
[[noreturn]] void throw_name_taken(const std::string& name, bool taken_by_prompt, bool by_prompt) {
  if (taken_by_prompt == by_prompt) {
    throw Error(
        ErrorCode::ResourceAlreadyExists,
        (by_prompt ? "Prompt (name=" : "Registered Model (name=") + name + ") already exists.");
  }
  const auto kind = [](bool prompt) { return std::string(prompt ? "prompt" : "registered model"); };
  throw Error(ErrorCode::ResourceAlreadyExists,
              "Tried to create a " + kind(by_prompt) + " with name " + python::repr(name) +
                  ", but the name is already taken by a " + kind(taken_by_prompt) +
                  ". MLflow does not allow creating a model and a prompt with the same name.");
}

void write_tags(Session& session, Dialect dialect, const std::string& name,
                const std::vector<Tag>& tags) {
  const std::string sql =
      upsert(dialect, "registered_model_tags", {"workspace", "key", "name"}, {"value"});
  for (const Tag& tag : tags) session.execute(sql, {"default", tag.key, name, tag.value});
}

// In the order of the names, so that two renames to each other's name do not wait for each other.
void lock_both(Session& session, Dialect dialect, const std::string& name,
               const std::string& new_name) {
  const auto require = [&] { registry::require_model(session, name, ""); };
  const auto& [first, second] = std::minmax(name, new_name);
  registry::lock_model(session, dialect, first, require);
  if (first != second) registry::lock_model(session, dialect, second, require);
}

}  // namespace

RegisteredModel RegisteredModels::create(const std::string& name, const std::vector<Tag>& tags,
                                         const std::optional<std::string>& description) {
  const Dialect dialect = db_.dialect();
  return db_.write(load_of(tags.size()), [&](Session& session) {
    const std::int64_t now = now_ms();
    RegisteredModel model{.name = name,
                          .creation_timestamp = now,
                          .last_updated_timestamp = now,
                          .description = description,
                          .latest_versions = {},
                          .tags = registry::distinct(tags),
                          .aliases = {}};
    try {
      session.execute_guarded(
          "INSERT INTO registered_models"
          " (workspace, name, creation_time, last_updated_time, description)"
          " VALUES ('default', :name, :created, :updated, :description)",
          {name, now, now, description ? Value(*description) : Value()});
    } catch (const UniqueViolation&) {
      throw_name_taken(name, prompt_tag(session, name).has_value(), has_prompt_tag(tags));
    }
    write_tags(session, dialect, name, model.tags);
    return model;
  });
}

RegisteredModel RegisteredModels::get(const std::string& name) {
  return db_.read(
      [&](Session& session) { return registry::load_model(session, db_.dialect(), name); });
}

RegisteredModel RegisteredModels::update(const std::string& name,
                                         const std::optional<std::string>& description) {
  return db_.write([&](Session& session) {
    session.execute(
        "UPDATE registered_models SET description = :description, last_updated_time = :now"
        " WHERE workspace = 'default' AND name = :name",
        {description ? Value(*description) : Value(), now_ms(), name});
    return registry::load_model(session, db_.dialect(), name);
  });
}

RegisteredModel RegisteredModels::rename(const std::string& name, const std::string& new_name) {
  return db_.write(Load::Large, [&](Session& session) {
    lock_both(session, db_.dialect(), name, new_name);
    const std::int64_t now = now_ms();
    try {
      // The foreign keys take versions, tags and aliases along.
      session.execute(
          "UPDATE registered_models SET name = :new_name, last_updated_time = :now"
          " WHERE workspace = 'default' AND name = :name",
          {new_name, now, name});
    } catch (const UniqueViolation&) {
      throw Error(
          ErrorCode::ResourceAlreadyExists,
          "Registered Model (name=" + new_name + ") already exists. Error: the new name is taken.");
    }
    session.execute(
        "UPDATE model_versions SET last_updated_time = :now"
        " WHERE workspace = 'default' AND name = :name",
        {now, new_name});
    return registry::load_model(session, db_.dialect(), new_name);
  });
}

void RegisteredModels::remove(const std::string& name) {
  db_.write(Load::Large, [&](Session& session) {
    registry::lock_model(session, db_.dialect(), name,
                         [&] { registry::require_model(session, name, ""); });
    // Tags of versions do not take the model's lock: none is to come while their versions go.
    if (db_.dialect() != Dialect::Sqlite) {
      session.each<std::int64_t>(
          "SELECT version FROM model_versions WHERE workspace = 'default' AND name = :name" +
              std::string(row_lock(db_.dialect())),
          {name}, [](std::int64_t) {});
    }
    // MLflow's foreign keys do not cascade here.
    for (const std::string table : {"model_version_tags", "model_versions", "registered_model_tags",
                                    "registered_model_aliases", "registered_models"}) {
      session.execute("DELETE FROM " + table + " WHERE workspace = 'default' AND name = :name",
                      {name});
    }
  });
}

void RegisteredModels::set_tag(const std::string& name, const Tag& tag) {
  const Dialect dialect = db_.dialect();
  db_.write([&](Session& session) {
    registry::require_model(session, name, row_lock(dialect));
    write_tags(session, dialect, name, {tag});
  });
}

void RegisteredModels::delete_tag(const std::string& name, const std::string& key) {
  db_.write([&](Session& session) {
    registry::require_model(session, name, "");
    session.execute(
        "DELETE FROM registered_model_tags WHERE registered_model_tags.workspace = 'default'"
        " AND registered_model_tags.key = :key AND registered_model_tags.name = :name",
        {key, name});
  });
}

void RegisteredModels::set_alias(const std::string& name, const std::string& alias,
                                 std::int64_t version) {
  const Dialect dialect = db_.dialect();
  db_.write([&](Session& session) {
    // So that no alias lands on a version that is being deleted.
    registry::lock_model(session, dialect, name,
                         [&] { registry::require_version(session, name, version, ""); });
    session.execute(
        upsert(dialect, "registered_model_aliases", {"workspace", "name", "alias"}, {"version"}),
        {"default", name, alias, version});
  });
}

void RegisteredModels::delete_alias(const std::string& name, const std::string& alias) {
  db_.write([&](Session& session) {
    registry::lock_model(session, db_.dialect(), name,
                         [&] { registry::require_model(session, name, ""); });
    session.execute(
        "DELETE FROM registered_model_aliases"
        " WHERE workspace = 'default' AND name = :name AND alias = :alias",
        {name, alias});
  });
}

bool RegisteredModels::is_prompt(const std::string& name) {
  return db_.read([&](Session& session) {
    registry::require_model(session, name, "");
    return ascii_lower(prompt_tag(session, name).value_or("")) == "true";
  });
}

}  // namespace millrace
