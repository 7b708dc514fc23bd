// What stands inside --uvicorn-opts, --gunicorn-opts and --waitress-opts: options of the web
// servers that MLflow runs. Millrace has none of them, but is told through them of TLS.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/settings/config.h"

namespace millrace {

enum class WebServer { Uvicorn, Gunicorn, Waitress };

// The words of a command line as a POSIX shell, or Python's shlex, takes them apart. Throws
// INVALID_PARAMETER_VALUE for a quotation without an end.
std::vector<std::string> shell_words(std::string_view text);

// Reads the options of one server, and those of its environment variables that concern the same.
// Those for TLS and for trusted proxies go into `config`; the names of those that only tune that
// server are returned, since they have no effect here. Throws INVALID_PARAMETER_VALUE with the name
// of any other: what it asks for is not given, or it is unknown to that server too.
std::vector<std::string> read_web_server_options(WebServer server, const std::string& text,
                                                 Config& config);

}  // namespace millrace
