// What every handler can reach: the settings and the databases.
#pragma once

#include "api/rest/readiness.h"
#include "api/rules/artifact_roots.h"
#include "api/rules/model_version_source.h"
#include "api/settings/config.h"
#include "store/db/database.h"

namespace millrace {

struct App {
  const Config& config;
  Db& registry;
  Db& tracking;  // mostly the same one
  const SourceRules& source_rules;
  const ArtifactRoots& artifact_roots;
  Readiness& readiness;
};

}  // namespace millrace
