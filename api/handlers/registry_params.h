// Fields that several registry messages share.
#pragma once

#include <array>

#include "api/request.h"
#include "store/records.h"

namespace millrace {

inline constexpr std::array kTagParams{Param{"key"}, Param{"value"}};

// The message's `tags`, in request order.
inline std::vector<Tag> tags_of(const Message& message) {
  std::vector<Tag> tags;
  for (const Message& tag : message.messages("tags"))
    tags.push_back({tag.text("key"), tag.text("value")});
  return tags;
}

}  // namespace millrace
