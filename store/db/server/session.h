// One connection to a database server, as bodies see it.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <span>
#include <string_view>

#include "store/db/server/driver.h"

namespace millrace {

// Ends a transaction that can be run again from its beginning: nothing of it is left.
class Interrupted : public Error {
 public:
  Interrupted(Failure::Kind kind, const std::string& message)
      : Error(ErrorCode::TemporarilyUnavailable, message), kind_(kind) {}
  Failure::Kind kind() const { return kind_; }

 private:
  Failure::Kind kind_;
};

// Used by one thread at a time, but for cancel(). Its statements throw Interrupted for what may
// succeed in another attempt (Conflict, Lost, Unreachable, ReadOnly), else what Session says.
class ServerSession final : public Session {
 public:
  using Clock = std::chrono::steady_clock;

  // Connects; throws Interrupted (Unreachable), with the driver's DatabaseFailure nested in it.
  explicit ServerSession(ServerDriver& driver);

  void begin(Transaction kind);
  // `last`: see Connection.
  void commit(const std::vector<std::string>& last = {});
  // Never throws.
  void rollback() noexcept;

  // Cuts the connection off: the session is of no use after it.
  void cancel(Ending ending) override;
  void resume() override;
  // Throws Cancelled if it was.
  void check_cancelled() const;

  // Whether it can be used for another transaction.
  bool is_usable() const { return !was_cancelled_ && !connection_->is_broken(); }
  bool is_closed_by_server() const { return connection_->is_closed_by_server(); }
  bool begins_at_once(Transaction kind) const { return connection_->begins_at_once(kind); }
  Clock::time_point opened() const { return opened_; }

 protected:
  long long run(std::string_view sql, const Values& values, std::span<const ColumnType> types,
                const RowSink& sink) override;
  long long run_guarded(std::string_view sql, const Values& values) override;

 private:
  // `sql`: the statement that is run, if it is one.
  template <class Use>
  auto use(const Use& use_connection, std::string_view sql = {});
  [[noreturn]] void throw_translated(const DatabaseFailure& failure, std::string_view sql) const;

  const bool takes_nul_;
  const std::unique_ptr<Connection> connection_;
  bool in_rows_ = false;        // a statement is under way
  bool was_cancelled_ = false;  // told by resume()
  static constexpr int kGoesOn = -1;
  std::atomic<int> ending_ = kGoesOn;  // an Ending
  const Clock::time_point opened_ = Clock::now();
};

}  // namespace millrace
