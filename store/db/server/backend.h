// A database server behind Db: a bounded pool of sessions, each transaction on one of them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "store/db/backend.h"
#include "store/db/server/session.h"

namespace millrace {

// A transaction that conflicts with another one, or whose connection breaks before its commit is
// asked for, is run again for a while; one with an unexpected KeyViolation a few times. When the
// connection breaks during the commit of a write nobody can tell whether it is saved: that is
// reported, not repeated.
class ServerBackend final : public Db::Backend {
 public:
  // As long as the waiting for locks is on SQLite.
  static constexpr std::chrono::seconds kPatience{20};
  // With a server that cannot be reached: its clients may have another replica to go to.
  static constexpr std::chrono::seconds kReconnecting{3};

  // Connects once, so that a wrong address is found at start; throws Error.
  ServerBackend(const DatabaseUri& uri, const PoolOptions& pool);

  Dialect dialect() const override { return driver_->dialect(); }
  void read(const Db::ErasedBody& body) override { run(Transaction::Read, body, kPatience); }
  void write(const Db::ErasedBody& body, Load) override {
    run(Transaction::Write, body, kPatience);
  }
  void try_write(const Db::ErasedBody& body, std::chrono::milliseconds patience) override {
    run(Transaction::Write, body, patience);
  }

 private:
  using Clock = std::chrono::steady_clock;
  using Held = std::unique_ptr<ServerSession>;

  using Patience = std::chrono::milliseconds;

  void run(Transaction kind, const Db::ErasedBody& body, Patience patience);
  void try_once(Transaction kind, const Db::ErasedBody& body, Patience patience);
  Held take(Transaction kind, Patience patience);
  Held take_idle(Transaction kind);
  void give_back(Held session);
  void drop_idle();

  const std::unique_ptr<ServerDriver> driver_;
  const PoolOptions pool_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable free_;
  std::vector<Held> idle_;  // the last used at the back, where the next caller looks first
  std::size_t open_ = 0;
};

}  // namespace millrace
