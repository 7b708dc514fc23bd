// The sessions of a database server, those in use and those that wait for it.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "store/db/pool_options.h"
#include "store/db/server/opener.h"

namespace millrace {

// Thread-safe. As many sessions may be taken at a time as there are places: who takes one has one
// of these.
class SessionPool {
 public:
  using Held = std::unique_ptr<ServerSession>;
  using Clock = ServerSession::Clock;

  // Sessions beyond the pool's size are kept for so long, since load comes in waves.
  static constexpr std::chrono::seconds kLinger{5};

  // `watch` outlives this.
  SessionPool(std::shared_ptr<ServerDriver> driver, const PoolOptions& options, const Watch& watch);

  static std::size_t places(const PoolOptions& options);

  // The session that was given back last of those on which a transaction of that kind begins at
  // once, if no fresh one is asked for; else a new one while there may be more, and if none is to
  // be had, any. So reads and writes that come in turn soon have sessions of their own, instead of
  // one journey more for each change. Throws Interrupted (Unreachable) and Cancelled, and then
  // nothing is taken.
  Held take(Transaction kind, bool fresh, const WorkOrder& order);

  // Closes it if it is not usable any more.
  void give_back(Held session);

  // Closes those that wait since before that.
  void drop_idle(Clock::time_point since);

 private:
  struct Idle {
    Held session;
    Clock::time_point since;
  };

  Held open(const WorkOrder& order);
  // Null where there is none, or rather a new one is to be opened.
  Held take_idle(Transaction kind);
  Held take_last_idle(Transaction kind);
  bool is_stale(const ServerSession& session) const;

  SessionOpener opener_;
  const PoolOptions options_;

  std::mutex mutex_;                 // guards what follows
  std::vector<Idle> idle_;           // the last used at the back
  std::size_t open_ = 0;             // those and the ones that are taken
  Clock::time_point grows_again_{};  // after a connection could not be opened
};

}  // namespace millrace
