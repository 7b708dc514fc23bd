// The placeholders `:name` of a statement.
#pragma once

#include <cstddef>
#include <string_view>

#include "store/common/error.h"

namespace millrace {

// Calls `text(part)` for what stands between them and `place(n)` for each, from 0, in their order.
// None is inside quotes, and `::` is a cast. Throws INTERNAL_ERROR unless there are `wanted`.
// Inline, since only the modules of the drivers use it.
template <class Text, class Place>
void take_apart(std::string_view sql, std::size_t wanted, const Text& text, const Place& place) {
  const auto is_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  std::size_t found = 0, begin = 0, at = 0;
  while (at < sql.size()) {
    const char c = sql[at];
    if (c == '\'' || c == '"') {
      const std::size_t end = sql.find(c, at + 1);
      at = end == std::string_view::npos ? sql.size() : end + 1;
    } else if (c == ':' && at + 1 < sql.size() && sql[at + 1] == ':') {
      at += 2;
    } else if (c == ':' && at + 1 < sql.size() && is_name(sql[at + 1])) {
      text(sql.substr(begin, at - begin));
      if (found < wanted) place(found);
      ++found;
      while (++at < sql.size() && is_name(sql[at])) {
      }
      begin = at;
    } else {
      ++at;
    }
  }
  text(sql.substr(begin));
  if (found != wanted) {
    throw Error(ErrorCode::InternalError, "A statement was used with the wrong number of values.");
  }
}

}  // namespace millrace
