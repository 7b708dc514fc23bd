#include "api/rest/request.h"

#include <algorithm>
#include <array>

#include "api/json/reader.h"
#include "api/rest/json_conversion.h"
#include "store/common/error.h"
#include "store/text/ascii.h"

namespace millrace {
namespace {

constexpr std::string_view kSeeDocs =
    " See the API docs for more information about request parameters.";

// _validate_content_type: compared to the letter, up to the first ';'.
void check_content_type(const HttpRequest& http) {
  if (http.method != "POST" && http.method != "PUT") return;
  if (http.header("content-type") == nullptr) {
    throw_invalid_parameter("Bad Request. Content-Type header is missing.");
  }
  const std::string type = joined_headers(http.headers, "content-type");
  if (type.substr(0, type.find(';')) != "application/json") {
    throw_invalid_parameter("Bad Request. Content-Type must be one of ['application/json'].");
  }
}

[[noreturn]] void refuse_shape(const Json& body) {
  throw_invalid_parameter("The request body must be a JSON object, got a value of type '" +
                          std::string(python_type_name(body)) + "'." + std::string(kSeeDocs));
}

Json body_object(const Request& request, std::span<const Param> params) {
  check_content_type(request.http);
  std::optional<Json> body = parse_json(request.read_body());
  if (body && body->is_string()) {
    // Old clients encode twice; MLflow decodes such a string once more.
    const std::string inner = body->get<std::string>();
    body = parse_json_text(inner);
    if (!body) {
      throw_invalid_parameter(
          "The request body is a JSON string that does not hold a JSON object." +
          std::string(kSeeDocs));
    }
  }
  if (!body || body->is_null()) return Json::object();
  if (body->is_array() &&
      std::none_of(params.begin(), params.end(), [](const Param& p) { return p.required; })) {
    return Json::object();
  }
  if (!body->is_object()) refuse_shape(*body);
  return std::move(*body);
}

Json query_object(const QueryArguments& arguments, std::span<const Param> params) {
  std::vector<Param> fields(params.begin(), params.end());
  std::stable_sort(fields.begin(), fields.end(),
                   [](const Param& a, const Param& b) { return a.number < b.number; });
  Json object = Json::object();
  for (const Param& param : fields) {
    for (const auto& [name, value] : arguments) {
      if (name != param.name) continue;
      if (param.kind == Kind::Strings || param.kind == Kind::Messages) {
        object[name].push_back(value);
        continue;
      }
      if (param.kind != Kind::Bool) {
        object[name] = value;
      } else if (std::string lower = ascii_lower(value); lower == "true" || lower == "false") {
        object[name] = lower == "true";
      } else {
        throw_invalid_parameter("Invalid boolean value: " + value + ", must be 'true' or 'false'.");
      }
      break;
    }
  }
  return object;
}

const Json& member(const Json& object, std::string_view name) {
  static const Json kNull;
  const auto found = object.find(name);
  return found == object.end() ? kNull : *found;
}

// _assert_required.
bool is_missing(const Json& value) {
  return value.is_null() || (value.is_string() && value.get_ref<const std::string&>().empty());
}

[[noreturn]] void throw_missing(const std::string& path) {
  throw_invalid_parameter("Missing value for required parameter '" + path + "'." +
                          std::string(kSeeDocs));
}

void require_value(const Json& value, std::string_view path) {
  if (is_missing(value)) throw_missing(std::string(path));
}

// What log-batch asks of each item, whether or not the conversion stopped.
void check_items(const Json& items, const Param& param) {
  const auto is_required = [](const Param& field) { return field.required; };
  if (std::none_of(param.fields.begin(), param.fields.end(), is_required)) return;
  const auto refuse = [](const Json& value, const std::string& path, const char* expected) {
    throw_invalid_parameter("Invalid value " + json_for_message(value) + " for parameter '" + path +
                            "' supplied: a JSON " + expected + " was expected." +
                            std::string(kSeeDocs));
  };
  if (!items.is_array()) refuse(items, std::string(param.name), "array");
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto path = [&] { return std::string(param.name) + "[" + std::to_string(i) + "]"; };
    if (!items[i].is_object()) refuse(items[i], path(), "object");
    for (const Param& field : param.fields) {
      if (!field.required) continue;
      const Json& value = member(items[i], field.name);
      if (is_missing(value)) throw_missing(path() + "." + std::string(field.name));
    }
  }
}

// _validate_request_json_with_schema. Types are only looked at when the conversion stopped.
void check_schema(const Json& object, std::span<const Param> params, bool converted) {
  for (const Param& param : params) {
    if (!param.checked) continue;
    if (!param.required && !object.contains(param.name)) continue;
    const Json* value = &member(object, param.name);
    if (param.name == "run_id" && value->is_null()) value = &member(object, "run_uuid");
    if (param.required_first) require_value(*value, param.name);
    if (!schema_type_matches(*value, param, converted)) {
      throw_invalid_parameter("Invalid value " + json_for_message(*value) + " for parameter '" +
                              std::string(param.name) + "' supplied:  Hint: Value was of type '" +
                              std::string(python_type_name(*value)) + "'." + std::string(kSeeDocs));
    }
    if (param.required) require_value(*value, param.name);
    if (param.kind == Kind::Messages) check_items(*value, param);
    if (param.further_check != nullptr) param.further_check(*value);
  }
}

}  // namespace

std::string Request::read_body() const {
  return read_body(kMaximumJsonBody,
                   Error(ErrorCode::RequestTooLarge, "The request body is larger than the " +
                                                         std::to_string(kMaximumJsonBody) +
                                                         " bytes that this server accepts."));
}

std::string Request::read_body(std::size_t limit, const Error& too_large) const {
  std::string body;
  std::array<char, 16384> buffer;
  while (const std::size_t size =
             http.body == nullptr ? 0 : http.body->read(buffer.data(), buffer.size())) {
    if (body.size() + size > limit) throw too_large;
    http.body->keep(size);
    body.append(buffer.data(), size);
    body_size_ += size;
  }
  return body;
}

Json Request::json_object() const { return body_object(*this, {}); }

Message Request::decode(std::span<const Param> params) const {
  Json object;
  const QueryArguments arguments =
      http.method == "GET" ? parse_query(target.raw_query) : QueryArguments();
  object = arguments.empty() ? body_object(*this, params) : query_object(arguments, params);
  refuse_two_spellings(object, params);
  Message message(params);
  const bool converted = convert_message(object, message);
  if (checks_schema) {
    check_schema(object, params, converted);
  } else if (!converted) {
    throw_invalid_parameter("A value of the request has another type than its field.");
  }
  return message;
}

const Message::Field& Message::find(std::string_view name) const {
  const auto found =
      std::find_if(params_.begin(), params_.end(), [&](const Param& p) { return p.name == name; });
  if (found == params_.end()) {
    throw std::logic_error("a handler reads the field " + std::string(name) +
                           " that its table does not declare");
  }
  return fields_[static_cast<std::size_t>(found - params_.begin())];
}

bool Message::has(std::string_view name) const {
  return !std::holds_alternative<std::monostate>(find(name));
}

const std::string& Message::text(std::string_view name) const {
  static const std::string kAbsent;
  const auto* value = std::get_if<std::string>(&find(name));
  return value == nullptr ? kAbsent : *value;
}

std::optional<std::string> Message::optional_text(std::string_view name) const {
  const auto* value = std::get_if<std::string>(&find(name));
  return value == nullptr ? std::nullopt : std::optional(*value);
}

std::int64_t Message::integer(std::string_view name, std::int64_t absent) const {
  const auto* value = std::get_if<std::int64_t>(&find(name));
  return value == nullptr ? absent : *value;
}

double Message::real(std::string_view name) const {
  const auto* value = std::get_if<double>(&find(name));
  return value == nullptr ? 0 : *value;
}

bool Message::boolean(std::string_view name) const {
  const auto* value = std::get_if<bool>(&find(name));
  return value != nullptr && *value;
}

const std::vector<std::string>& Message::texts(std::string_view name) const {
  static const std::vector<std::string> kAbsent;
  const auto* value = std::get_if<std::vector<std::string>>(&find(name));
  return value == nullptr ? kAbsent : *value;
}

const std::vector<Message>& Message::messages(std::string_view name) const {
  static const std::vector<Message> kAbsent;
  const auto* value = std::get_if<std::vector<Message>>(&find(name));
  return value == nullptr ? kAbsent : *value;
}

const Message* Message::nested(std::string_view name) const {
  const auto& found = messages(name);
  return found.empty() ? nullptr : &found.front();
}

}  // namespace millrace
