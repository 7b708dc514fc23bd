#include "api/rules/validate.h"

#include "api/json/writer.h"
#include "store/common/error.h"
#include "store/records/registry.h"
#include "store/search/experiments.h"
#include "store/text/posix_path.h"
#include "store/text/python_text.h"

namespace millrace {
namespace {

constexpr std::size_t kMaximumTagKey = 250;
constexpr std::size_t kMaximumTagValue = 100'000;
constexpr std::size_t kMaximumAlias = 255;
constexpr std::string_view kPromptTextKey = "mlflow.prompt.text";

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

[[noreturn]] void throw_missing(std::string_view parameter) {
  throw_invalid_parameter("Missing value for required parameter " + quoted(parameter) + ".");
}

// invalid_value.
[[noreturn]] void throw_invalid_value(std::string_view parameter, std::string_view value,
                                      std::string_view reason) {
  std::string message = "Invalid value ";
  JsonWriter(message, Layout::Compact).string(value);
  message.append(" for parameter ").append(quoted(parameter)).append(" supplied: ").append(reason);
  throw_invalid_parameter(message);
}

// path_not_unique.
void require_stable_path(std::string_view parameter, std::string_view name) {
  if (!name.empty() && name.front() != '.' && name.find('/') == std::string_view::npos) return;
  const std::string path = normalize_path(name);
  if (path == name && path != "." && !path.starts_with("..") && !path.starts_with('/')) return;
  throw_invalid_value(parameter, name,
                      "Names may be treated as files in certain cases, and must not resolve to "
                      "other names when treated as such. This name would resolve to " +
                          python::repr(path));
}

// Whether all characters are word characters or among `others`. As in Python, the "$" of the
// pattern lets one newline at the end through.
bool has_only_words_and(std::string_view others, std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  for (std::size_t position = 0; position < text.size();) {
    const char32_t c = python::next_code_point(text, position);
    const bool other = c < 0x80 && others.find(static_cast<char>(c)) != std::string_view::npos;
    if (!other && !python::is_word(c)) return false;
  }
  return true;
}

bool is_ascii_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// re's \d+ up to the end or a newline there.
bool has_only_digits(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.empty()) return false;
  for (std::size_t position = 0; position < text.size();) {
    const std::size_t begin = position;
    python::next_code_point(text, position);
    if (!python::parse_int(text.substr(begin, position - begin))) return false;
  }
  return true;
}

}  // namespace

void validate_model_name(std::string_view name) {
  if (python::strip(name).empty()) throw_missing("name");
  if (name.find_first_of("/:") != std::string_view::npos) {
    throw_invalid_parameter("Invalid model name " + quoted(name) +
                            ". Names cannot contain '/' or ':'.");
  }
  require_stable_path("name", name);
}

void validate_new_model_name(std::string_view name) {
  if (python::strip(name).empty()) throw_missing("new_name");
  validate_model_name(name);
}

void validate_tag_key(std::string_view key) { validate_logged_name("key", key); }

void validate_logged_name(std::string_view path, std::string_view name) {
  if (!has_only_words_and("/.- :", name)) {
    throw_invalid_value(path, name,
                        "Names may only contain alphanumerics, underscores (_), dashes (-), "
                        "periods (.), spaces ( ), colon(:) and slashes (/).");
  }
  require_stable_path(path, name);
}

void validate_length(std::string_view what, std::size_t limit, std::string_view value) {
  if (value.size() <= limit || python::length(value) <= limit) return;
  throw_invalid_parameter(quoted(what) + " exceeds the maximum length of " + std::to_string(limit) +
                          " characters");
}

std::string limited_text(std::string_view what, std::size_t limit, std::string value,
                         bool truncate) {
  if (value.size() <= limit) return value;
  if (!truncate) {
    validate_length(what, limit, value);
    return value;
  }
  std::size_t end = 0;
  for (std::size_t count = 0; count < limit && end < value.size(); ++count) {
    python::next_code_point(value, end);
  }
  value.resize(end);
  return value;
}

void validate_run_id(std::string_view run_id) {
  constexpr std::size_t kMaximum = 256;
  const std::string_view text =
      run_id.ends_with('\n') ? run_id.substr(0, run_id.size() - 1) : run_id;
  if (!text.empty() && is_ascii_alphanumeric(text.front()) && has_only_words_and("-", run_id) &&
      python::length(text) <= kMaximum) {
    return;
  }
  std::string message = "Invalid value ";
  JsonWriter(message, Layout::Compact).string(run_id);
  throw_invalid_parameter(message + " for parameter 'run_id' supplied.");
}

void validate_registered_model_tag(std::string_view key, std::string_view value) {
  validate_tag_key(key);
  validate_length("key", kMaximumTagKey, key);
  validate_length("value", kMaximumTagValue, value);
}

void validate_model_version_tag(std::string_view key, std::string_view value) {
  validate_tag_key(key);
  validate_length("key", kMaximumTagKey, key);
  if (key == kPromptTextKey && python::length(value) > kMaximumTagValue) {
    throw_invalid_parameter("Prompt text exceeds max length of " +
                            std::to_string(kMaximumTagValue) + " characters.");
  }
  validate_length("value", kMaximumTagValue, value);
}

std::int64_t parse_model_version(std::string_view text) {
  const auto number = python::parse_int(text);
  if (!number) {
    throw_invalid_parameter("Parameter 'version' must be an integer, got " + quoted(text) + ".");
  }
  if (!number->fits) {
    throw_invalid_parameter("Parameter 'version' must be a 64-bit integer, got " + quoted(text) +
                            ".");
  }
  return number->value;
}

void validate_logged_model_name(std::string_view name) {
  if (name.find_first_of("/:.%\"'") == std::string_view::npos) return;
  throw_invalid_parameter("Invalid model name (" + python::repr(name) +
                          ") provided. Model name must be a non-empty string and cannot contain "
                          "the following characters: ('/', ':', '.', '%', '\"', \"'\")");
}

std::int64_t parse_experiment_id(std::string_view text) {
  return search::parse_experiment_id(text);
}

void validate_alias(std::string_view alias) {
  if (alias.empty()) throw_invalid_parameter("Registered model alias name cannot be empty.");
  if (!has_only_words_and("-", alias)) {
    throw_invalid_parameter(
        "Invalid alias name: " + quoted(alias) +
        ". Names may only contain alphanumerics, underscores (_), and dashes (-).");
  }
  validate_length("Registered model alias name", kMaximumAlias, alias);
}

void validate_alias_is_free(std::string_view alias) {
  if (python::lower(alias) == "latest") {
    throw_invalid_parameter("'latest' alias name (case insensitive) is reserved.");
  }
  const bool starts_with_v = alias.starts_with('v') || alias.starts_with('V');
  if (starts_with_v && has_only_digits(alias.substr(1))) {
    throw_invalid_parameter("Version alias name " + quoted(alias) + " is reserved.");
  }
}

std::string canonical_stage(std::string_view stage) {
  const std::string lower = python::lower(stage);
  for (const std::string_view known : kStages) {
    if (lower == python::lower(known)) return std::string(known);
  }
  throw_invalid_parameter("Invalid Model Version stage: " + std::string(stage) +
                          ". Value must be one of None, Staging, Production, Archived.");
}

}  // namespace millrace
