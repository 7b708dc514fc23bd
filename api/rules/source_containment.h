// Whether a source lies where its owner, a run or a logged model, keeps its artifacts
// (handlers._validate_source_run and _validate_source_model).
#pragma once

#include <string>
#include <string_view>

#include "api/rules/source_lookup.h"

namespace millrace {

enum class OwnerKind { Run, LoggedModel };

// Who the request says owns the source; `id` may be empty for a run.
struct SourceOwner {
  OwnerKind kind;
  std::string id;
};

// Throws INVALID_PARAMETER_VALUE unless `source` may be used:
// - a local path or file: URI, resolved on disk, must lie within the owner's local artifact folder;
// - any other URI must have an absolute path that stays the same when it is decoded and normalized;
//   runs:/, models:/<id> and the server's own artifact URIs must also name the owner.
void validate_source_location(const std::string& source, const SourceOwner& owner,
                              SourceLookup& stores);

// The message MLflow has for a source that is not its owner's.
[[noreturn]] void throw_not_the_owners(std::string_view source, OwnerKind kind);

}  // namespace millrace
