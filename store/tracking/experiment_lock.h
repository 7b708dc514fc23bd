// What keeps an experiment as it is while something is created in it.
#pragma once

#include <cstdint>
#include <string_view>

#include "store/db/work.h"
#include "store/records/tracking.h"

namespace millrace::experiments {

// An active experiment that cannot be deleted before this work ends. Who creates something in it
// counts one of its turns up, by the id of what is created, and who deletes it all of them: writes,
// so that the two exclude each other on a server and across the nodes of a cluster, while those who
// create mostly do not meet. Throws as require_active_experiment.
Experiment hold_active_experiment(Work& work, std::int64_t id, std::string_view created_id);

// Waits until nothing is being created in the experiment, and lets nothing begin.
void lock_experiment(Work& work, std::int64_t id);

}  // namespace millrace::experiments
