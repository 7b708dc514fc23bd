// What every handler can reach: the settings and the stores.
#pragma once

#include "api/artifact_roots.h"
#include "api/config.h"
#include "api/model_version_source.h"
#include "api/readiness.h"
#include "store/experiments.h"
#include "store/logged_models.h"
#include "store/model_versions.h"
#include "store/registered_models.h"
#include "store/run_data.h"
#include "store/runs.h"
#include "store/tracking_lookup.h"

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
