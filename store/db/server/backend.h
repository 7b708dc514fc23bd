// A database server behind Db: each transaction on a session of a bounded pool.
#pragma once

#include <chrono>
#include <memory>

#include "store/db/backend.h"
#include "store/db/server/outcomes.h"
#include "store/db/server/pool.h"
#include "store/db/waiting_line.h"

namespace millrace {

// A transaction that conflicts with another one, or whose connection breaks before its commit is
// asked for, is run again for a while; one with an unexpected KeyViolation a few times. What has
// handed rows out is not run again. When the connection breaks during the commit of a write its
// token is looked for. Where that cannot be done nobody can tell whether the write is saved: that
// is reported, in a way that clients do not repeat by themselves.
class ServerBackend final : public Db::Backend {
 public:
  // As long as the waiting for locks is on SQLite.
  static constexpr std::chrono::seconds kPatience{20};
  // With a server that cannot be reached: its clients may have another replica to go to.
  static constexpr std::chrono::seconds kReconnecting{3};

  // Connects once, so that a wrong address is found at start. Throws TEMPORARILY_UNAVAILABLE where
  // waiting may help, else INVALID_STATE.
  ServerBackend(const DatabaseUri& uri, const PoolOptions& options);

  Dialect dialect() const override { return driver_->dialect(); }
  void read(const Db::ErasedBody& body, const WorkOrder& order) override {
    run(Transaction::Read, body, order, kPatience);
  }
  void write(const Db::ErasedBody& body, const WorkOrder& order) override {
    run(Transaction::Write, body, order, kPatience);
  }
  void try_write(const Db::ErasedBody& body, std::chrono::milliseconds patience) override;
  void serve_requests(std::chrono::milliseconds statement_timeout) override;

 private:
  using Clock = ServerSession::Clock;
  using Patience = std::chrono::milliseconds;

  // What has become of the attempts at a body so far.
  struct Course {
    Clock::time_point began = Clock::now();
    std::optional<Clock::time_point> lost_since = std::nullopt;
    bool wants_fresh = false;  // a session that nobody has used before
    int lost_fresh = 0;        // how many of these broke
    bool was_read_only = false;
  };

  void run(Transaction kind, const Db::ErasedBody& body, const WorkOrder& order, Patience patience);
  void try_once(Transaction kind, const Db::ErasedBody& body, const WorkOrder& order,
                Course& course);
  void roll_back(ServerSession& session, const WorkOrder& order);
  void note_loss(Course& course, Clock::time_point taken, bool was_fresh);
  // Whether there is to be another attempt; throws what is answered else.
  void decide(const Interrupted& interrupted, const WorkOrder& order, Course& course,
              Patience patience);
  bool can_connect(const WorkOrder& order);
  // Whether a write is saved; nothing where that cannot be told.
  std::optional<bool> look_for(const OutcomeToken& token);

  const DatabaseUri uri_;
  const PoolOptions options_;
  std::shared_ptr<ServerDriver> driver_;
  std::unique_ptr<SessionPool> pool_;
  WaitingLine line_;
  bool leaves_tokens_ = false;
  OutcomeWriters writers_;
};

}  // namespace millrace
