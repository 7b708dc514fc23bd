// What the handlers of the registry share.
#pragma once

#include <array>

#include "api/http.h"
#include "api/request.h"
#include "store/records.h"

namespace millrace {

inline constexpr std::array kTagParams{Param{"key"}, Param{"value"}};

// The message's `tags`, or another list of keys and values, in request order.
std::vector<Tag> tags_of(const Message& message, std::string_view field = "tags");

// {"registered_model": ...} and {"model_version": ...}
HttpResponse registered_model_reply(const RegisteredModel& model);
HttpResponse model_version_reply(const ModelVersion& version);

}  // namespace millrace
