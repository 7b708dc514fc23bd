// Writes that their clients name by a header Idempotency-Key (draft-ietf-httpapi-idempotency-key-
// header): however often one comes, it is carried out once and answered as it was then, for a day.
// MLflow has nothing like it.
#pragma once

#include "api/http/exchange.h"
#include "api/rest/app.h"
#include "api/rest/request.h"
#include "api/rest/routes.h"

namespace millrace {

inline constexpr std::string_view kIdempotencyKey = "idempotency-key";

// Whether the request has a key, and is one that changes something in a database: of artifacts, all
// may be repeated as it is.
bool is_named_write(const Route& row, const HttpRequest& http);

// The reply of the row's handler, whose work in the database is one transaction; or, with a header
// idempotency-replayed, the reply that it gave when the request came before. What it threw is not
// kept. Throws INVALID_PARAMETER_VALUE for a key of no or more than 255 characters, for one that
// named another request, and for a new version where the registry has a database of its own.
HttpResponse answer_once(App& app, const Route& row, const Request& request);

}  // namespace millrace
