// Concurrent operations of tracking: what must hold whatever their order.
#include "store/suites/tracking.h"

namespace millrace::tracking_races_test {
namespace {

class TrackingRacesTest : public TrackingSuite {
 protected:
  std::int64_t count(const std::string& from) {
    return std::get<0>(*db().read(
        [&from](Work& work) { return work.first<std::int64_t>("SELECT COUNT(*) FROM " + from); }));
  }

  void create_logged_model(std::int64_t experiment) {
    write(tracking::create_logged_model,
          {.experiment_id = experiment,
           .experiment_text = std::to_string(experiment),
           .name = "m",
           .model_type = "",
           .source_run_id = "",
           .params = {},
           .tags = {}},
          join);
  }
};

TEST_P(TrackingRacesTest, NothingIsCreatedInADeletedExperiment) {
  constexpr int kRounds = 40;
  const auto location = [](std::int64_t id) { return "s3://b/" + std::to_string(id); };
  for (int round = 0; round < kRounds; ++round) {
    const std::int64_t experiment =
        write(tracking::create_experiment, "e" + std::to_string(round), location, {});
    at_once(6, [&](int i) {
      if (i < 4) {
        new_run(experiment);
      } else if (i == 4) {
        create_logged_model(experiment);
      } else {
        write(tracking::delete_experiment, experiment);
      }
    });
  }
  EXPECT_EQ(count("experiments WHERE lifecycle_stage = 'deleted'"), kRounds);
  EXPECT_EQ(count("runs r JOIN experiments e ON e.experiment_id = r.experiment_id"
                  " WHERE e.lifecycle_stage = 'deleted' AND r.lifecycle_stage = 'active'"),
            0);
}

MILLRACE_REGISTRY_SUITE(TrackingRacesTest);

}  // namespace
}  // namespace millrace::tracking_races_test
