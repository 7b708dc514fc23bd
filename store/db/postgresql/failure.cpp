#include "store/db/postgresql/failure.h"

#include <algorithm>
#include <array>
#include <utility>

namespace millrace {
namespace {

constexpr std::string_view kCanceled = "57014";

struct Known {
  std::string_view state;  // the code, or its first characters
  Failure::Kind kind;
  const char* reason = "";
};

// The codes: PostgreSQL's manual, appendix A. The first that fits counts.
constexpr std::array kKnown{
    Known{"23505", Failure::Duplicate},
    Known{"23503", Failure::Referenced},
    Known{"23502", Failure::Refused, "a required value is missing."},
    Known{"23", Failure::Refused, "a value breaks a rule of its table."},
    Known{"22001", Failure::Refused, "a value is too long."},
    Known{"22003", Failure::Refused, "a number is out of range."},
    Known{"22P05", Failure::Unstorable},
    Known{"22021", Failure::Refused, "a text holds a NUL, or is no UTF-8."},
    Known{"22", Failure::Refused, "a value has the wrong type."},
    Known{"42883", Failure::Refused, "a value cannot be compared with that column."},
    Known{"42804", Failure::Refused, "a value cannot be compared with that column."},
    Known{"54", Failure::Refused, "it is too large or too complex."},
    Known{"40001", Failure::Conflict},
    Known{"40P01", Failure::Conflict},
    Known{"55P03", Failure::Conflict},
    Known{"25006", Failure::ReadOnly},
    Known{"42501", Failure::Denied},
    Known{"08", Failure::Lost},
    Known{"57P", Failure::Lost},    // shut down, or starting up
    Known{"25P03", Failure::Lost},  // too long without a statement
    Known{"53100", Failure::Full},
    Known{"53200", Failure::Exhausted},
    Known{"53300", Failure::Unreachable},
};

}  // namespace

Failure postgresql_failure(std::string_view state, std::string_view words) {
  if (state == kCanceled) {
    const bool by_timeout = words.find("timeout") != std::string_view::npos;
    return {by_timeout ? Failure::Late : Failure::Killed};
  }
  const auto* known = std::find_if(kKnown.begin(), kKnown.end(), [state](const Known& one) {
    return state.starts_with(one.state);
  });
  if (known == kKnown.end()) return {Failure::Other, std::string(state)};
  return {known->kind, known->reason};
}

}  // namespace millrace
