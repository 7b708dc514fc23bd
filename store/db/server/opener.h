// The opening of sessions of a database server.
#pragma once

#include <list>
#include <memory>

#include "store/db/server/session.h"
#include "store/db/watch.h"

namespace millrace {

// Each session is opened on a thread of its own: no client library, nor what looks names up, can be
// told to end before its own time, but who waits for it can go. Thread-safe.
class SessionOpener {
 public:
  // `watch` outlives this; the driver lives until the last opening has ended.
  SessionOpener(std::shared_ptr<ServerDriver> driver, const Watch& watch);
  // Waits for nothing.
  ~SessionOpener();
  SessionOpener(const SessionOpener&) = delete;
  SessionOpener& operator=(const SessionOpener&) = delete;

  // A session that nobody has used before. Throws Interrupted (Unreachable), and Cancelled when the
  // order's time ends: an opening under way is then for the next who asks, and closed if it ends
  // before anybody does. So there are never more under way than have asked at one time.
  std::unique_ptr<ServerSession> open(const WorkOrder& order);

 private:
  struct Opening;
  struct Shared;

  std::shared_ptr<Opening> begin();

  const std::shared_ptr<Shared> shared_;  // with the threads
  const Watch& watch_;
};

}  // namespace millrace
