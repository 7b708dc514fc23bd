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

class TrackingSuite : public StoreSuite {
 protected:
  // The id of a run with nothing that a test looks at.
  std::string new_run(std::int64_t experiment) {
    return write(tracking::create_run,
                 {.experiment_id = experiment,
                  .experiment_text = std::to_string(experiment),
                  .user_id = "",
                  .run_name = "r",
                  .start_time = 0,
                  .tags = {}},
                 join)
        .info.run_id;
  }

  static std::string join(std::string_view location, std::string_view path) {
    return std::string(location) + "/" + std::string(path);
  }
};

}  // namespace millrace
