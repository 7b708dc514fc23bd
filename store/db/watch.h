// Ends what takes too long.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

#include "store/db/work.h"

namespace millrace {

// Looks at all work under way every tenth of a second, and cancels the session of what is past its
// deadline, of what nobody waits for any more, and, after end_all(), of everything. Thread-safe.
class Watch {
 public:
  Watch() = default;
  // Nothing may be under watch.
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // Why that work is to end now, if it is. Asks is_abandoned, which may make a system call.
  std::optional<Ending> ending(const WorkOrder& order) const;

  // From now on nothing goes on, and nothing begins: the process stops.
  void end_all() { ends_all_.store(true, std::memory_order_relaxed); }

  // Work on a session, under watch for as long as this lives. When it is gone the session can be
  // used again. All three outlive it.
  class Watched {
   public:
    Watched(Watch& watch, const WorkOrder& order, Session& session);
    ~Watched();
    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;

   private:
    friend class Watch;
    Watch& watch_;
    const WorkOrder& order_;
    Session& session_;
    std::list<Watched*>::iterator place_;
  };

  // How often it looks: who waits by other means does so in steps of this, too.
  static constexpr std::chrono::milliseconds kTick{100};

 private:
  void run();

  std::atomic<bool> ends_all_ = false;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::list<Watched*> under_way_;
  bool running_ = false;  // the thread looks, instead of waiting for work
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace millrace
