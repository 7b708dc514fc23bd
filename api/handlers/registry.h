// The room api/handlers: one function per endpoint, in one file per entity: decode, ask the stores,
// reply with an entity. May use api/rest, api/rules, api/entities, api/graphql, the records and the
// stores. No SQL, no rule of its own.
//
// What the handlers of the registry share.
#pragma once

#include <array>

#include "api/http/exchange.h"
#include "api/rest/request.h"
#include "store/records/registry.h"

namespace millrace {

inline constexpr std::array kTagParams{Param{"key"}, Param{"value"}};

// The message's `tags`, or another list of keys and values, in request order.
std::vector<Tag> tags_of(const Message& message, std::string_view field = "tags");

// {"registered_model": ...} and {"model_version": ...}
HttpResponse registered_model_reply(const RegisteredModel& model);
HttpResponse model_version_reply(const ModelVersion& version);

}  // namespace millrace
