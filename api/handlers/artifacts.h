// What the handlers of artifacts share.
#pragma once

#include <string>

#include "api/http/exchange.h"
#include "api/json/writer.h"
#include "api/rest/request.h"
#include "api/rules/artifact_roots.h"

namespace millrace {

// The 503 of a server that runs with --no-serve-artifacts.
HttpResponse artifacts_disabled_reply(const Request& request);

// Throws INVALID_PARAMETER_VALUE when `path`, as a request gives it, is the name of one thing below
// the place and is read as that of another (require_own_name).
void require_one_meaning(const ArtifactPlace& place, const std::string& path);

// A file at `path` below the place, in the form of the request's layer. Throws
// RESOURCE_DOES_NOT_EXIST when there is none and INVALID_PARAMETER_VALUE for a folder.
HttpResponse send_artifact(const Request& request, const ArtifactPlace& place,
                           const std::string& path);

// The member `files`, left out when the folder is empty or none: what lies in `folder` of the
// store, with paths that begin with `shown_folder`.
void write_files(JsonWriter& writer, ArtifactStore& store, const std::string& folder,
                 const std::string& shown_folder);

}  // namespace millrace
