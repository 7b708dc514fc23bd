// The typed reader of a request: MLflow's decoding pipeline (_get_request_message), once for all
// routes. A handler declares its fields as a table of Param and calls decode; what comes back has
// been checked.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/http/exchange.h"
#include "api/http/target.h"
#include "api/json/enum_value.h"
#include "api/json/value.h"
#include "api/rest/routes.h"
#include "store/common/error.h"
#include "store/db/work.h"

namespace millrace {

enum class Kind { String, Int32, Int64, Double, Bool, Enum, Strings, Nested, Messages };

// One field of a request message. The order in a table is the order of MLflow's schema checks.
struct Param {
  std::string_view name;  // snake_case; the camelCase spelling is accepted in bodies too
  Kind kind = Kind::String;
  bool required = false;
  std::span<const Param> fields = {};  // of the nested message, for Kind::Nested and Messages
  std::int64_t maximum = std::numeric_limits<std::int64_t>::max();
  bool checked = true;  // false: MLflow's message has the field but its schema does not name it
  bool required_first = false;             // the schema asks for presence before the type
  std::span<const EnumValue> values = {};  // for Kind::Enum
  bool intlike = false;                    // for Kind::Enum: the schema takes it for a number
  void (*further_check)(const Json& value) = nullptr;  // of the raw value, after all others
  bool any_items = false;  // for Kind::Strings: the schema asks for a list alone
  int number = 0;          // of the field, where a query's fields are not read in the table's order
};

// A required field whose presence is asked for before its type.
constexpr Param required(std::string_view name, Kind kind = Kind::String) {
  return {.name = name, .kind = kind, .required = true, .required_first = true};
}

// The converted fields of a message. Absent fields read as "", 0, false or empty.
class Message {
 public:
  // A nested message is a list of one.
  using Field = std::variant<std::monostate, std::string, std::int64_t, double, bool,
                             std::vector<std::string>, std::vector<Message>>;

  explicit Message(std::span<const Param> params) : params_(params), fields_(params.size()) {}

  bool has(std::string_view name) const;
  const std::string& text(std::string_view name) const;
  std::optional<std::string> optional_text(std::string_view name) const;
  std::int64_t integer(std::string_view name, std::int64_t absent) const;  // enums too: the number
  double real(std::string_view name) const;
  bool boolean(std::string_view name) const;
  const std::vector<std::string>& texts(std::string_view name) const;
  const std::vector<Message>& messages(std::string_view name) const;
  const Message* nested(std::string_view name) const;  // null when absent

  std::span<const Param> params() const { return params_; }
  Field& field(std::size_t index) { return fields_[index]; }

 private:
  const Field& find(std::string_view name) const;

  std::span<const Param> params_;
  std::vector<Field> fields_;
};

// A request on its way to a handler: the raw exchange plus what routing found.
struct Request {
  HttpRequest& http;
  Target target;
  Layer layer;                 // of MLflow that answers this request
  bool checks_schema = true;   // false for what graphql asks: MLflow converts but does not check
  std::string_view rule = {};  // the route's path, with the static prefix and its <...>
  std::vector<std::string> path_arguments = {};  // what the route's <...> stand for, in order
  Caller caller = {};                            // nobody in particular: there is no login yet
  // Of all its work in databases together.
  WorkOrder::Deadline deadline = WorkOrder::Deadline::max();

  // What a unit of work for this request is ordered with. Large: searches, lists and histories, and
  // writes of more than some hundred rows.
  WorkOrder order(Load load = Load::Small, References references = References::Checked) const {
    return {.caller = caller,
            .load = load,
            .references = references,
            .deadline = deadline,
            .is_abandoned = http.client_has_gone};
  }

  // Bytes of the whole body. Throws RequestTooLarge beyond kMaximumJsonBody.
  std::string read_body() const;
  // The same with another limit in bytes and what is thrown beyond it.
  std::string read_body(std::size_t limit, const Error& too_large) const;
  // Bytes that these have read.
  std::size_t body_size() const { return body_size_; }

  // The body as a JSON object, decoded once more where old clients encode twice. Throws
  // INVALID_PARAMETER_VALUE for another content type and another kind of value.
  Json json_object() const;

  // Decodes query or body (registry.md section 2). Throws INVALID_PARAMETER_VALUE with MLflow's
  // texts.
  Message decode(std::span<const Param> params) const;

  mutable std::size_t body_size_ = 0;
};

// MLflow has no limit; a bound keeps one request from taking the machine's memory.
inline constexpr std::size_t kMaximumJsonBody = std::size_t{64} << 20U;

}  // namespace millrace
