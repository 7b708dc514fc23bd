#include "api/rest/logged_model_token.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "api/json/error.h"
#include "api/json/reader.h"
#include "api/json/writer.h"
#include "api/rest/page_token.h"
#include "store/common/error.h"
#include "store/text/python_text.h"

namespace millrace {
namespace {

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json experiment_ids_of(const LoggedModelQuery& query) {
  Json ids = Json::array();
  for (const std::string& id : query.experiment_ids) ids.push_back(id);
  return ids;
}

Json order_by_of(const LoggedModelQuery& query) {
  Json items;
  for (const search::ModelOrderField& field : query.order_by) {
    Json item = Json::object();
    item["field_name"] = field.field_name;
    item["ascending"] = field.ascending;
    item["dataset_name"] = text_or_null(field.dataset_name);
    item["dataset_digest"] = text_or_null(field.dataset_digest);
    items.push_back(std::move(item));
  }
  return items;
}

// Python's ==, for which true is 1 and the order of an object's members does not count.
bool equal(const Json& one, const Json& other) {
  const auto is_number = [](const Json& value) { return value.is_boolean() || value.is_number(); };
  const auto number = [](const Json& value) {
    return value.is_boolean() ? static_cast<double>(value.get<bool>()) : value.get<double>();
  };
  if (is_number(one) && is_number(other)) return number(one) == number(other);
  if (one.is_array() && other.is_array()) {
    return one.size() == other.size() && std::equal(one.begin(), one.end(), other.begin(), equal);
  }
  if (!one.is_object() || !other.is_object()) return one == other;
  return one.size() == other.size() &&
         std::all_of(one.items().begin(), one.items().end(), [&](const auto& member) {
           const auto found = other.find(member.key());
           return found != other.end() && equal(member.value(), *found);
         });
}

// str().
std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : python_repr(value);
}

void require_equal(std::string_view what, std::string_view request_what, const Json& expected,
                   const Json& found) {
  if (equal(expected, found)) return;
  throw_invalid_parameter(std::string(what) + " in the page token " + std::string(request_what) +
                          ". Expected: " + text_of(expected) + ". Found: " + text_of(found));
}

[[noreturn]] void refuse(std::string_view token, std::string_view reason) {
  throw_invalid_parameter("Invalid page token: " + std::string(token) + ". " + std::string(reason));
}

std::int64_t offset_of(const Json& value, std::string_view token) {
  if (is_false(value)) return 0;
  if (value.is_boolean()) return 1;
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number_float() && std::abs(value.get<double>()) < 0x1p63) {
    return static_cast<std::int64_t>(value.get<double>());
  }
  if (value.is_string()) {
    const auto number = python::parse_int(value.get_ref<const std::string&>());
    if (number && number->fits) return number->value;
  }
  refuse(token, "Its offset is no 64-bit integer.");
}

}  // namespace

std::string encode_logged_model_token(const LoggedModelQuery& query, std::int64_t offset) {
  Json token = Json::object();
  token["experiment_ids"] = experiment_ids_of(query);
  token["filter_string"] = text_or_null(query.filter);
  token["order_by"] = order_by_of(query);
  token["offset"] = offset;
  return base64_encode(python_json_dumps(token, false, Layout::Spaced));
}

std::int64_t decode_logged_model_token(std::string_view token, const LoggedModelQuery& query) {
  if (token.empty()) return 0;
  const std::optional<std::string> text = base64_decode(token);
  if (!text || !is_utf8(*text)) refuse(token, "It is not base64 of a JSON text.");
  const std::optional<Json> parsed =
      text->starts_with("\xEF\xBB\xBF") ? std::nullopt : parse_json_text(*text);
  if (!parsed) refuse(token, python_json_error(*text));
  if (!parsed->is_object()) refuse(token, "It does not hold a JSON object.");
  const auto member = [&parsed](const char* name) {
    const auto found = parsed->find(name);
    return found == parsed->end() ? Json() : *found;
  };
  const auto or_null = [](const Json& value) { return is_false(value) ? Json() : value; };
  require_equal("Experiment IDs", "do not match the requested experiment IDs",
                experiment_ids_of(query), member("experiment_ids"));
  require_equal("Filter string", "does not match the requested filter string",
                text_or_null(query.filter), or_null(member("filter_string")));
  require_equal("Order by", "does not match the requested order by", order_by_of(query),
                or_null(member("order_by")));
  return offset_of(member("offset"), token);
}

}  // namespace millrace
