#include "store/common/error.h"

#include <array>

namespace millrace {
namespace {

constexpr std::array<ErrorRow, 14> kRows{{
    {ErrorCode::InvalidParameterValue, "INVALID_PARAMETER_VALUE", 400, "KAM00",
     "INVALID_PARAMETER_VALUE"},
    {ErrorCode::BadRequest, "BAD_REQUEST", 400, "KAM00", "INVALID_PARAMETER_VALUE"},
    {ErrorCode::ResourceAlreadyExists, "RESOURCE_ALREADY_EXISTS", 400, "KAM00",
     "RESOURCE_ALREADY_EXISTS"},
    {ErrorCode::ResourceDoesNotExist, "RESOURCE_DOES_NOT_EXIST", 404, "KAM00",
     "RESOURCE_NOT_FOUND"},
    {ErrorCode::InternalError, "INTERNAL_ERROR", 500, "XXM00", "CLIENT_INTERNAL_ERROR"},
    {ErrorCode::InvalidState, "INVALID_STATE", 500, "XXM00", "CLIENT_INTERNAL_ERROR"},
    {ErrorCode::TemporarilyUnavailable, "TEMPORARILY_UNAVAILABLE", 503, "XXM00",
     "CLIENT_INTERNAL_ERROR"},
    {ErrorCode::Overloaded, "TEMPORARILY_UNAVAILABLE", 503, "XXM00", "CLIENT_INTERNAL_ERROR"},
    {ErrorCode::FeatureDisabled, "FEATURE_DISABLED", 500, "KAM00", "FEATURE_DISABLED"},
    {ErrorCode::NotImplemented, "NOT_IMPLEMENTED", 501, "", ""},
    {ErrorCode::PermissionDenied, "PERMISSION_DENIED", 403, "KAM00", "PERMISSION_DENIED"},
    {ErrorCode::RequestTooLarge, "BAD_REQUEST", 413, "KAM00", "INVALID_PARAMETER_VALUE"},
    {ErrorCode::AttributeNotFound, "INVALID_PARAMETER_VALUE", 400, "KAM04", "ATTRIBUTE_NOT_FOUND"},
    {ErrorCode::InsufficientStorage, "INSUFFICIENT_STORAGE", 507, "XXM00", "CLIENT_INTERNAL_ERROR"},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (kRows[i].code != static_cast<ErrorCode>(i)) return false;
  }
  return true;
}
static_assert(in_order(), "error_row indexes the table by the enumerator");

}  // namespace

const ErrorRow& error_row(ErrorCode code) { return kRows[static_cast<std::size_t>(code)]; }

std::string shown_message(std::string text) {
  if (text.size() <= kLongestMessage) return text;
  // No character is cut in two.
  const auto boundary = [&](std::size_t at) {
    while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80) --at;
    return at;
  };
  const std::size_t head = boundary(kLongestMessage / 2);
  const std::size_t tail = boundary(text.size() - kLongestMessage / 2);
  return text.substr(0, head) + " ... (" + std::to_string(tail - head) + " bytes left out) ... " +
         text.substr(tail);
}

void throw_invalid_parameter(std::string message) {
  throw Error(ErrorCode::InvalidParameterValue, std::move(message));
}

}  // namespace millrace
