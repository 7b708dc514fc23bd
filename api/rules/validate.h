// The room api/rules: the checks that need no database: what names, keys, values, locations and
// sources may be. May use the settings, records, texts, JSON, the filter languages and the paths of
// artifacts. What it must ask of stored data it asks an interface (source_lookup.h). No HTTP, no
// SQL.
//
// MLflow's registry validators (mlflow/utils/validation.py): what a name, key, value, alias, stage
// or version may be. Texts are UTF-8, lengths count code points. Each throws
// INVALID_PARAMETER_VALUE with MLflow's text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

// _validate_model_name: not blank, no "/" or ":", stable as a path. No limit on the length.
void validate_model_name(std::string_view name);

// _validate_model_renaming.
void validate_new_model_name(std::string_view name);

// _validate_tag_name: word characters and "/ . - : space", stable as a path. What delete-tag
// checks.
void validate_tag_key(std::string_view key);

// bad_character_message and path_not_unique for any kind of name: of a metric, a param or a tag.
// `path` is what the message calls it, as in params[3].key.
void validate_logged_name(std::string_view path, std::string_view name);

// _validate_length_limit: "'{what}' exceeds the maximum length of {limit} characters".
void validate_length(std::string_view what, std::size_t limit, std::string_view value);

// The same with truncate=True: `value`, or with `truncate` (MLFLOW_TRUNCATE_LONG_VALUES) its first
// `limit` characters.
std::string limited_text(std::string_view what, std::size_t limit, std::string value,
                         bool truncate);

// _validate_run_id: a letter or digit of ASCII, then at most 255 word characters or "-".
void validate_run_id(std::string_view run_id);

// _validate_registered_model_tag and _validate_model_version_tag: keys of at most 250 and values of
// at most 100,000.
void validate_registered_model_tag(std::string_view key, std::string_view value);
void validate_model_version_tag(std::string_view key, std::string_view value);

// _validate_model_version: Python's int(). Numbers that are no version (0, -1) pass. MLflow answers
// a number beyond int64 with a 500 of its database driver; here it is refused like any other text
// that cannot be a version.
std::int64_t parse_model_version(std::string_view text);

// _validate_logged_model_name; "" passes, which stands for none.
void validate_logged_model_name(std::string_view name);

// _parse_experiment_id: Python's int(). A number beyond int64, which MLflow answers with a 500 of
// its database driver, is refused like any other text that is no id.
std::int64_t parse_experiment_id(std::string_view text);

// _validate_model_alias_name: word characters and "-", at most 255.
void validate_alias(std::string_view alias);

// _validate_model_alias_name_reserved, for setting one: neither "latest" nor "v" and digits.
void validate_alias_is_free(std::string_view alias);

// get_canonical_stage: None, Staging, Production or Archived, from any case.
std::string canonical_stage(std::string_view stage);

}  // namespace millrace
