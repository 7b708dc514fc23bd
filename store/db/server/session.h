// One connection to a database server.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "store/db/server/driver.h"
#include "store/db/statement_cache.h"

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

// Not thread-safe; used by one thread at a time. Its statements throw Interrupted for conflicts and
// lost connections, else what Session says.
class ServerSession final : public Session {
 public:
  // Connects; throws TEMPORARILY_UNAVAILABLE.
  ServerSession(ServerDriver& driver, Transaction kind);

  void begin();
  void commit();
  // Never throws; a session for which it returns false is of no more use.
  bool rollback() noexcept;

  Transaction kind() const { return kind_; }
  std::chrono::steady_clock::time_point opened() const { return opened_; }

 protected:
  long long run(std::string_view sql, const Values& values, std::span<const ColumnType> types,
                const RowSink& sink) override;
  long long run_guarded(std::string_view sql, const Values& values) override;

 private:
  [[noreturn]] void throw_translated(const soci::soci_error& error);

  ServerDriver& driver_;
  const Transaction kind_;
  std::unique_ptr<soci::session> soci_;
  StatementCache statements_;
  std::vector<Cell> cells_;
  const std::chrono::steady_clock::time_point opened_ = std::chrono::steady_clock::now();
};

}  // namespace millrace
