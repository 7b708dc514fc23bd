// What every handler can reach: the settings and the stores.
#pragma once

#include "api/rest/readiness.h"
#include "api/rules/artifact_roots.h"
#include "api/rules/model_version_source.h"
#include "api/settings/config.h"
#include "store/registry/model_versions.h"
#include "store/registry/registered_models.h"
#include "store/tracking/experiments.h"
#include "store/tracking/logged_models.h"
#include "store/tracking/lookup.h"
#include "store/tracking/run_data.h"
#include "store/tracking/runs.h"

namespace millrace {

struct App {
  const Config& config;
  RegisteredModels& registered_models;
  ModelVersions& model_versions;
  TrackingLookup& tracking;
  const SourceRules& source_rules;
  const ArtifactRoots& artifact_roots;
  Experiments& experiments;
  Runs& runs;
  RunData& run_data;
  LoggedModels& logged_models;
  Readiness& readiness;
};

}  // namespace millrace
