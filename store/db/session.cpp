#include "store/db/session.h"

namespace millrace {
namespace {

const char* message_of(Ending ending) {
  switch (ending) {
    case Ending::Late:
    case Ending::Overlong:
      return "The database did not get to the end of this request in time; try again.";
    case Ending::Abandoned:
      return "The client has gone.";
    case Ending::Stopping:
      return "The server is stopping; try again.";
  }
  return "";
}

}  // namespace

Cancelled::Cancelled(Ending ending)
    : Error(ErrorCode::TemporarilyUnavailable, message_of(ending)), ending_(ending) {}

void db_columns::throw_unexpected_null() {
  throw Error(ErrorCode::InternalError, "The database holds NULL where a value is required.");
}

}  // namespace millrace
