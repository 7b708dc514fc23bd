#include "store/registry/registered_models.h"

#include <algorithm>

#include "store/common/error.h"
#include "store/db/dialect.h"
#include "store/db/key_spelling.h"
#include "store/db/rows_statement.h"
#include "store/registry/model_lock.h"
#include "store/registry/rows.h"
#include "store/text/ascii.h"
#include "store/text/python_text.h"

namespace millrace::registry {
namespace {

bool has_prompt_tag(const std::vector<Tag>& tags) {
  return std::any_of(tags.begin(), tags.end(),
                     [](const Tag& tag) { return tag.key == kIsPromptTag; });
}

// The value of the model's prompt tag, if it has one.
std::optional<std::string> prompt_tag(Work& work, const std::string& name) {
  const auto row = work.first<std::optional<std::string>>(
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

// Each key once. Those of a new model: MySQL may not make two of them one.
void write_model_tags(Work& work, const std::string& name, const std::vector<Tag>& tags) {
  static const RowsStatement upsert_tags(4, [](Dialect dialect, std::size_t rows) {
    return upsert_spelled(dialect, "registered_model_tags", "key", {"workspace", "name"}, {"value"},
                          rows);
  });
  Values values;
  for (const Tag& tag : tags) values.insert(values.end(), {tag.key, kWorkspace, name, tag.value});
  write_keys(
      work, [&] { upsert_tags.execute(work, std::move(values)); },
      [&] {
        return WrittenKeys{"registered_model_tags",
                           "key",
                           "workspace = 'default' AND name = :name",
                           {name},
                           keys_of(tags)};
      });
}

// In the order of the names, so that two renames to each other's name do not wait for each other.
void lock_both(Work& work, const std::string& name, const std::string& new_name) {
  const auto require = [&] { require_model(work, name); };
  const auto& [first, second] = std::minmax(name, new_name);
  lock_model(work, first, require);
  if (first != second) lock_model(work, second, require);
}

// Versions, tags and aliases of a model whose row has its new name. The foreign keys take them
// along; where they are not checked (References::KeptByBody), this does.
void move_versions(Work& work, const std::string& name, const std::string& new_name,
                   std::int64_t now) {
  if (work.dialect() != Dialect::Sqlite) {
    work.execute(
        "UPDATE model_versions SET last_updated_time = :now"
        " WHERE workspace = 'default' AND name = :name",
        {now, new_name});
    return;
  }
  work.execute(
      "UPDATE model_versions SET name = :new_name, last_updated_time = :now"
      " WHERE workspace = 'default' AND name IN (:name, :their_new_name)",
      {new_name, now, name, new_name});
  for (const std::string table :
       {"model_version_tags", "registered_model_tags", "registered_model_aliases"}) {
    work.execute(
        "UPDATE " + table + " SET name = :new_name WHERE workspace = 'default' AND name = :name",
        {new_name, name});
  }
}

}  // namespace

RegisteredModel create_registered_model(Work& work, const std::string& name,
                                        const std::vector<Tag>& tags,
                                        const std::optional<std::string>& description) {
  const std::int64_t now = work.now();
  RegisteredModel model{.name = name,
                        .creation_timestamp = now,
                        .last_updated_timestamp = now,
                        .description = description,
                        .latest_versions = {},
                        .tags = distinct(tags),
                        .aliases = {}};
  try {
    work.execute_guarded(
        "INSERT INTO registered_models"
        " (workspace, name, creation_time, last_updated_time, description)"
        " VALUES ('default', :name, :created, :updated, :description)",
        {name, now, now, description ? Value(*description) : Value()});
  } catch (const UniqueViolation&) {
    throw_name_taken(name, prompt_tag(work, name).has_value(), has_prompt_tag(tags));
  }
  write_model_tags(work, name, model.tags);
  return model;
}

RegisteredModel get_registered_model(Work& work, const std::string& name) {
  return load_model(work, name);
}

RegisteredModel update_registered_model(Work& work, const std::string& name,
                                        const std::optional<std::string>& description) {
  require_model(work, name);
  work.execute(
      "UPDATE registered_models SET description = :description, last_updated_time = :now"
      " WHERE workspace = 'default' AND name = :name",
      {description ? Value(*description) : Value(), work.now(), name});
  return load_model(work, name);
}

RegisteredModel rename_registered_model(Work& work, const std::string& name,
                                        const std::string& new_name) {
  lock_both(work, name, new_name);
  const std::int64_t now = work.now();
  try {
    work.execute(
        "UPDATE registered_models SET name = :new_name, last_updated_time = :now"
        " WHERE workspace = 'default' AND name = :name",
        {new_name, now, name});
  } catch (const UniqueViolation&) {
    throw Error(
        ErrorCode::ResourceAlreadyExists,
        "Registered Model (name=" + new_name + ") already exists. Error: the new name is taken.");
  }
  move_versions(work, name, new_name, now);
  return load_model(work, new_name);
}

void delete_registered_model(Work& work, const std::string& name) {
  lock_model(work, name, [&] { require_model(work, name); });
  // Tags do not take the model's lock: none is to come while their owners go. A node that has one
  // is found out at the commit.
  if (work.dialect() != Dialect::Sqlite) {
    for (const std::string table : {"registered_models", "model_versions"}) {
      work.first<std::int64_t>("SELECT COUNT(*) FROM (SELECT 1 FROM " + table +
                                   " WHERE workspace = 'default' AND name = :name" +
                                   std::string(row_lock(work.dialect())) + ") locked",
                               {name});
    }
  }
  // MLflow's foreign keys do not cascade here.
  for (const std::string table : {"model_version_tags", "model_versions", "registered_model_tags",
                                  "registered_model_aliases", "registered_models"}) {
    work.execute("DELETE FROM " + table + " WHERE workspace = 'default' AND name = :name", {name});
  }
}

void set_registered_model_tag(Work& work, const std::string& name, const Tag& tag) {
  static const RowsStatement upsert_tag(4, [](Dialect dialect, std::size_t rows) {
    return upsert(dialect, "registered_model_tags", {"workspace", "key", "name"}, {"value"}, rows);
  });
  require_model(work, name);
  upsert_tag.execute(work, {kWorkspace, tag.key, name, tag.value});
}

void delete_registered_model_tag(Work& work, const std::string& name, const std::string& key) {
  require_model(work, name);
  work.execute(
      "DELETE FROM registered_model_tags WHERE registered_model_tags.workspace = 'default'"
      " AND registered_model_tags.key = :key AND registered_model_tags.name = :name",
      {key, name});
}

void set_registered_model_alias(Work& work, const std::string& name, const std::string& alias,
                                std::int64_t version) {
  // So that no alias lands on a version that is being deleted.
  lock_model(work, name, [&] { require_version(work, name, version); });
  work.execute(upsert(work.dialect(), "registered_model_aliases", {"workspace", "name", "alias"},
                      {"version"}),
               {kWorkspace, name, alias, version});
}

void delete_registered_model_alias(Work& work, const std::string& name, const std::string& alias) {
  lock_model(work, name, [&] { require_model(work, name); });
  work.execute(
      "DELETE FROM registered_model_aliases"
      " WHERE workspace = 'default' AND name = :name AND alias = :alias",
      {name, alias});
}

bool is_prompt(Work& work, const std::string& name) {
  require_model(work, name);
  return ascii_lower(prompt_tag(work, name).value_or("")) == "true";
}

}  // namespace millrace::registry
