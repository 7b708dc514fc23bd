// A file as the answer to a request: ranges, conditions, headers, in the two forms that MLflow has.
#pragma once

#include <memory>
#include <string>

#include "api/http/exchange.h"
#include "artifacts/artifact_store.h"

namespace millrace {

struct Download {
  std::unique_ptr<ArtifactFile> file;
  std::string name;  // what the client shall call it
  std::string type;  // the content type
};

// The native layer (Starlette's FileResponse): several ranges in one answer, no conditions.
HttpResponse native_download(const HttpRequest& http, Download download);

// The classic layer (werkzeug's send_file): conditions, and at most one range.
HttpResponse classic_download(const HttpRequest& http, Download download);

// _content_disposition_attachment.
std::string content_disposition(std::string_view name);

}  // namespace millrace
