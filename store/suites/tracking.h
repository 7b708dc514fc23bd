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

class TrackingSuite : public testing::TestWithParam<DatabaseKind> {
 protected:
  TrackingSuite() : database_(GetParam().make()) {}

  Db& db() { return database_->db(); }

 private:
  std::unique_ptr<TestDatabase> database_;

 protected:
  Experiments experiments_{db()};
  Runs runs_{db()};
  RunData run_data_{db()};
  LoggedModels logged_models_{db()};
};

}  // namespace millrace
