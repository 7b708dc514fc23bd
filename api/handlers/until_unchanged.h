// Changes of stored values that take time to make.
#pragma once

#include <string>

#include "store/common/error.h"

namespace millrace {

// Calls `attempt()` until it returns something, and returns that. An attempt reads a value, makes
// of it what it is to become outside of any transaction, and stores that if the value is still the
// one that it read: if not, another change has come first, and it returns nothing. `what` there are
// too many of when that never ends: throws TEMPORARILY_UNAVAILABLE then.
template <class Attempt>
auto until_unchanged(const std::string& what, Attempt&& attempt) {
  constexpr int most_attempts = 1000;
  for (int i = 0; i < most_attempts; ++i) {
    if (auto done = attempt()) return done;
  }
  throw Error(ErrorCode::TemporarilyUnavailable, "Too many " + what + " at once; try again.");
}

}  // namespace millrace
