// The signals that end a server.
#pragma once

#include <signal.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <thread>

#include "api/http/server.h"

namespace millrace {

// After the first signal.
struct StopTimes {
  // From then on no database is waited for, so that the process ends within the time that
  // connections get (ConnectionLimits::stop).
  std::chrono::milliseconds databases{4'800};
  // From then on no request is waited for: container runtimes kill after ten seconds.
  std::chrono::milliseconds requests{9'500};
};

// Waits for SIGTERM and SIGINT. The first one stops the server; before it serves, and at the second
// signal, the process ends at once, as it does when requests still go on at the last of the times:
// the database survives that.
class Stopper {
 public:
  // To be made before other threads are: the signals are blocked in all of them. Its own thread
  // takes no other signal.
  explicit Stopper(const StopTimes& times = {});
  ~Stopper();
  Stopper(const Stopper&) = delete;
  Stopper& operator=(const Stopper&) = delete;

  // The server to stop, and how to end the work in databases that others may still wait for. Both
  // are used until served().
  void serving(Server& server, std::function<void()> end_work);
  void served();

 private:
  using Clock = std::chrono::steady_clock;

  void wait();
  int next_signal();
  void stop(int signal);
  void end_work();
  void end_process();

  const StopTimes times_;
  sigset_t signals_{};
  std::mutex mutex_;  // guards the next two; null when nothing is served
  Server* server_ = nullptr;
  std::function<void()> end_work_;
  std::atomic<bool> over_{false};
  // The thread's own: what comes after the first signal, and when.
  enum class Then { Nothing, EndWork, EndProcess };
  Then then_ = Then::Nothing;
  bool asked_ = false;
  Clock::time_point asked_at_;
  std::thread thread_;
};

}  // namespace millrace
