// The suite of tracking that every kind of database must pass, on the footing of registry.h.
// A test file derives its fixture from TrackingSuite, writes TEST_P, and ends with
// MILLRACE_REGISTRY_SUITE(fixture).
#pragma once

#include "store/suites/registry.h"
#include "store/tracking/experiments.h"
#include "store/tracking/logged_models.h"
#include "store/tracking/run_data.h"
#include "store/tracking/runs.h"

namespace millrace {

class TrackingSuite : public StoreSuite {};

}  // namespace millrace
