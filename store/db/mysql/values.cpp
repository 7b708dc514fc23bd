#include "store/db/mysql/values.h"

#include <charconv>
#include <cmath>

#include "store/db/server/failure.h"
#include "store/db/server/placeholders.h"

namespace millrace {
namespace {

void append_text(MYSQL& connection, std::string& result, const std::string& text) {
  const std::size_t begin = result.size();
  result.resize(begin + 2 * text.size() + 3);  // as many as it may take, quotes, and a NUL
  result[begin] = '\'';
  const unsigned long size =
      mysql_real_escape_string(&connection, result.data() + begin + 1, text.data(), text.size());
  result.resize(begin + 1 + size);
  result += '\'';
}

// The shortest digits that give the same number, with an exponent, without which it would be a
// DECIMAL. The sign of a zero is not kept, as in a DECIMAL.
void append_real(std::string& result, double real) {
  if (!std::isfinite(real)) {
    throw DatabaseFailure({Failure::Refused, "a number is infinite, or not a number."},
                          "no such number");
  }
  char digits[32];
  const auto [end, error] = std::to_chars(digits, std::end(digits), real == 0 ? 0.0 : real,
                                          std::chars_format::scientific);
  result.append(digits, end);
}

}  // namespace

std::string mysql_text(MYSQL& connection, std::string_view sql, const Values& values) {
  std::string result;
  result.reserve(sql.size() + 16 * values.size());
  const auto append_value = [&](std::size_t place) {
    const Value& value = values[place];
    if (const auto* text = std::get_if<std::string>(&value)) {
      append_text(connection, result, *text);
    } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      result += std::to_string(*integer);
    } else if (const auto* real = std::get_if<double>(&value)) {
      append_real(result, *real);
    } else {
      result += "NULL";
    }
  };
  take_apart(
      sql, values.size(), [&result](std::string_view part) { result += part; }, append_value);
  return result;
}

}  // namespace millrace
