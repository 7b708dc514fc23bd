// Conditional requests as werkzeug reads them (http.is_resource_modified, parse_etags).
#pragma once

#include <cstdint>
#include <string_view>

#include "api/http/exchange.h"

namespace millrace {

// `etag` is the resource's, without quotes; `modified` its time in seconds since the epoch.

// Whether If-None-Match, If-Modified-Since or If-Match say that the client wants no body.
bool is_unmodified(const HttpRequest& http, std::string_view etag, std::int64_t modified);

// Whether If-Range, if there is one, names this state of the resource.
bool allows_range(const HttpRequest& http, std::string_view etag, std::int64_t modified);

// Whether If-Match holds a tag.
bool has_if_match(const HttpRequest& http);

}  // namespace millrace
