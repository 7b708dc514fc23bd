// The room store/common: the error, the clock, ids and values that everything else is built on. The
// standard library alone, and nothing of MLflow but its error codes.
//
// The one exception type of Millrace, and the table of MLflow's error codes.
// An Error that reaches api/rest/dispatch becomes MLflow's error envelope; nothing else is caught
// there by type.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace millrace {

// One enumerator per row of the table in error.cpp, in the same order.
enum class ErrorCode {
  InvalidParameterValue,
  BadRequest,
  ResourceAlreadyExists,
  ResourceDoesNotExist,
  InternalError,
  InvalidState,
  TemporarilyUnavailable,
  Overloaded,  // TEMPORARILY_UNAVAILABLE on the wire, with a time after which to come again
  FeatureDisabled,
  NotImplemented,
  PermissionDenied,
  RequestTooLarge,
  AttributeNotFound,  // INVALID_PARAMETER_VALUE on the wire
  InsufficientStorage,
};

// What a code means on the wire. sqlstate and error_class are empty where MLflow leaves the members
// out.
struct ErrorRow {
  ErrorCode code;
  std::string_view wire_name;
  int http_status;
  std::string_view sqlstate;
  std::string_view error_class;
};

const ErrorRow& error_row(ErrorCode code);

// What a client is shown of a text that quotes what it sent: all of it up to kLongestMessage bytes,
// beyond that its two ends and how many bytes are left out between them. MLflow quotes everything.
inline constexpr std::size_t kLongestMessage = 131'072;
std::string shown_message(std::string text);

// A request that fails. The message is what the client sees: UTF-8, never SQL or a secret, and cut
// by shown_message. It may quote a NUL of the request, at which `what()` ends and `message()` does
// not.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, std::string message)
      : Error(Shown(), code, shown_message(std::move(message))) {}
  ErrorCode code() const { return code_; }
  const std::string& message() const { return message_; }

 private:
  struct Shown {};
  Error(Shown, ErrorCode code, const std::string& message)
      : std::runtime_error(message), code_(code), message_(message) {}

  ErrorCode code_;
  std::string message_;
};

// The commonest one: MLflow's INVALID_PARAMETER_VALUE (400).
[[noreturn]] void throw_invalid_parameter(std::string message);

}  // namespace millrace
