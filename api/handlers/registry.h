// What the handlers of the registry share.
#pragma once

#include <array>

#include "api/http.h"
#include "api/request.h"
#include "store/records.h"

namespace millrace {

inline constexpr std::array kTagParams{Param{"key"}, Param{"value"}};

// The message's `tags`, in request order.
std::vector<Tag> tags_of(const Message& message);

// {"registered_model": ...} and {"model_version": ...}
HttpResponse registered_model_reply(const RegisteredModel& model);
HttpResponse model_version_reply(const ModelVersion& version);

}  // namespace millrace
