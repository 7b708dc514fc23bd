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

// Waits for SIGTERM and SIGINT. The first one stops the server; before it serves, and at the second
// signal, the process ends at once, as it does when requests still go on after 9.5 s: the database
// survives that.
class Stopper {
 public:
  // To be made before other threads are: the signals are blocked in all of them.
  Stopper();
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
