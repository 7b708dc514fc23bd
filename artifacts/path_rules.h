// Which relative paths an artifact may have.
//
//   <root>/                                     --artifacts-destination, or a run's own folder
//     <experiment>/<run>/artifacts/...          the files of a run
//     <experiment>/models/<model>/artifacts/... the files of a logged model
//     .../.artifact.uploading.*                 an upload under way, or what a crash left of it
#pragma once

#include <string>
#include <string_view>

namespace millrace {

// Names that begin like this are no artifacts (LocalArtifactRepository's temporary files).
inline constexpr std::string_view kUploadPrefix = ".artifact.uploading.";

// validate_path_is_safe: the path to use, percent-decoded until nothing changes, control characters
// escaped. Throws INVALID_PARAMETER_VALUE "Invalid path" for one that is absolute here or on
// Windows, has a ".." segment or a "#".
std::string checked_artifact_path(std::string_view path);

// The path to open below a root: checked_artifact_path's, normalized; "" is the root itself. Throws
// as that does when nothing of it may leave the root.
std::string path_below_root(std::string_view checked_path);

// Whether checked_artifact_path finds nothing to decode in a path, so that no other name is the
// same file ("a%20b" is "a b").
bool keeps_its_name(std::string_view path);

// Throws INVALID_PARAMETER_VALUE for a path that does not: what is done to it would be done to the
// file of another name.
void require_own_name(std::string_view path);

// What a new file may be called: throws INVALID_PARAMETER_VALUE for a reserved name and for a
// folder part that is not in normal form or begins with ".." (verify_artifact_path).
void require_storable_path(std::string_view checked_path);

}  // namespace millrace
