// The families that are recorded.
#pragma once

#include "store/schema/family.h"

namespace millrace {

// The tables of MLflow's tracking and registry stores.
const SchemaFamily& mlflow_family();

// All that Millrace knows: the tables of one are no strangers to another.
const SchemaFamilies& known_families();

}  // namespace millrace
