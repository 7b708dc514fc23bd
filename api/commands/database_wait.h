// The wait of a starting server for its databases, which often come up beside it.
#pragma once

#include <chrono>
#include <functional>

namespace millrace {

// Sleeps.
void pause_for(std::chrono::milliseconds time);

// Calls `open` until it does not throw TEMPORARILY_UNAVAILABLE, as often and after the same pauses
// as MLflow: ten times within some 100 s. Each try that fails is a line in the log; the last one's
// error, and any other, is thrown.
void try_until_reachable(const std::function<void()>& open,
                         const std::function<void(std::chrono::milliseconds)>& pause = pause_for);

}  // namespace millrace
