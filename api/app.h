// What every handler can reach: the settings and the stores.
#pragma once

#include "api/config.h"
#include "api/model_version_source.h"
#include "store/model_versions.h"
#include "store/registered_models.h"
#include "store/tracking_lookup.h"

namespace millrace {

struct App {
  const Config& config;
  RegisteredModels& registered_models;
  ModelVersions& model_versions;
  TrackingLookup& tracking;
  const SourceRules& source_rules;
};

}  // namespace millrace
