// The replies that are not an entity: MLflow's error envelope and the framework pages.
#pragma once

#include <string>
#include <string_view>

#include "api/http/exchange.h"
#include "store/common/error.h"

namespace millrace {

inline constexpr std::string_view kHtml = "text/html; charset=utf-8";

// 200 application/json.
HttpResponse json_reply(std::string body);

// MLflow's error envelope (MlflowException.serialize_as_json): one line, ", " and ": " between;
// compact where the native layer or a middleware answers.
enum class ErrorForm { Spaced, Compact };
HttpResponse error_reply(const Error& error, ErrorForm form);

// werkzeug's page for 400, 404, 405 or 416.
HttpResponse html_error_reply(int status);

// FastAPI's 404.
HttpResponse not_found_reply();

// werkzeug's redirect page to `location` (308); the header has it percent-encoded, the page as it
// is.
HttpResponse redirect_reply(const std::string& location);

// & < > " ' as entities, as markupsafe.escape writes them.
std::string escape_html(std::string_view text);

}  // namespace millrace
