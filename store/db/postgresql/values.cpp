#include "store/db/postgresql/values.h"

#include <charconv>

#include "store/db/server/failure.h"
#include "store/db/server/placeholders.h"

namespace millrace {
namespace {

constexpr std::size_t kMostValues = 65'535;
// The server takes no message of 1 GiB.
constexpr std::size_t kMostBytes = (std::size_t{1} << 30U) - (std::size_t{1} << 20U);

[[noreturn]] void refuse(const char* reason) {
  throw DatabaseFailure({Failure::Refused, reason}, reason);
}

// The shortest digits that give the same number.
std::string digits_of(double real) {
  char digits[32];
  const auto [end, error] = std::to_chars(digits, std::end(digits), real);
  return {digits, end};
}

}  // namespace

PostgresqlValues::PostgresqlValues(std::string_view sql, const Values& values) {
  if (values.size() > kMostValues) refuse("it is too large or too complex.");
  sql_.reserve(sql.size() + 4 * values.size());
  take_apart(
      sql, values.size(), [this](std::string_view part) { sql_ += part; },
      [this](std::size_t place) { sql_ += '$' + std::to_string(place + 1); });
  numbers_.reserve(values.size());  // so that they stay where they are
  texts_.reserve(values.size());
  std::size_t bytes = sql_.size();
  for (const Value& value : values) {
    if (const auto* text = std::get_if<std::string>(&value)) {
      bytes += text->size();
      texts_.push_back(text->c_str());
    } else if (std::holds_alternative<std::monostate>(value)) {
      texts_.push_back(nullptr);
    } else {
      const auto* integer = std::get_if<std::int64_t>(&value);
      numbers_.push_back(integer != nullptr ? std::to_string(*integer)
                                            : digits_of(std::get<double>(value)));
      texts_.push_back(numbers_.back().c_str());
    }
  }
  if (bytes > kMostBytes) refuse("a value is too long.");
}

}  // namespace millrace
