// What the handlers of tracking share.
#pragma once

#include <array>
#include <string>

#include "api/rest/request.h"

namespace millrace {

// The name that run_id had before; its field stands beside run_id in a table of fields.
inline constexpr Param kRunUuid{.name = "run_uuid", .checked = false};

// request.run_id or request.run_uuid, for a message with both fields.
inline const std::string& run_id_of(const Message& message) {
  const std::string& run_id = message.text("run_id");
  return run_id.empty() ? message.text("run_uuid") : run_id;
}

// ViewType on the wire.
inline constexpr std::array kViewTypes{EnumValue{"ACTIVE_ONLY", 1}, EnumValue{"DELETED_ONLY", 2},
                                       EnumValue{"ALL", 3}};

}  // namespace millrace
