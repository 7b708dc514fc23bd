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

#include "api/http.h"
#include "api/routes.h"
#include "api/target.h"

namespace millrace {

enum class Kind { String, Int64, Bool, Strings, Messages };

// One field of a request message. The order in a table is the order of MLflow's schema checks.
struct Param {
  std::string_view name;  // snake_case; the camelCase spelling is accepted in bodies too
  Kind kind = Kind::String;
  bool required = false;
  std::span<const Param> fields = {};  // of the nested message, for Kind::Messages
  std::int64_t maximum = std::numeric_limits<std::int64_t>::max();
  bool checked = true;  // false: MLflow's message has the field but its schema does not name it
};

// The converted fields of a message. Absent fields read as "", 0, false or empty.
class Message {
 public:
  using Field = std::variant<std::monostate, std::string, std::int64_t, bool,
                             std::vector<std::string>, std::vector<Message>>;

  explicit Message(std::span<const Param> params) : params_(params), fields_(params.size()) {}

  bool has(std::string_view name) const;
  const std::string& text(std::string_view name) const;
  std::optional<std::string> optional_text(std::string_view name) const;
  std::int64_t integer(std::string_view name, std::int64_t absent) const;
  bool boolean(std::string_view name) const;
  const std::vector<std::string>& texts(std::string_view name) const;
  const std::vector<Message>& messages(std::string_view name) const;

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
  Layer layer;  // of MLflow that answers this request

  // Bytes of the whole body. Throws RequestTooLarge beyond kMaximumJsonBody.
  std::string read_body() const;

  // Decodes query or body (registry.md section 2). Throws INVALID_PARAMETER_VALUE with MLflow's
  // texts.
  Message decode(std::span<const Param> params) const;
};

// MLflow has no limit; a bound keeps one request from taking the machine's memory.
inline constexpr std::size_t kMaximumJsonBody = std::size_t{64} << 20U;

}  // namespace millrace
