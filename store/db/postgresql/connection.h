// A connection to PostgreSQL by its client library. SOCI's session, on opening, asks the server
// something in a way that cannot be cancelled.
#pragma once

#include <libpq-fe.h>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/db/postgresql/prepared_statements.h"
#include "store/db/postgresql/values.h"
#include "store/db/server/driver.h"

namespace millrace {

// What begins a transaction travels with its first statement, and what prepares a statement with
// its first use, in the library's pipeline mode. Behind a pooler, which gives each transaction
// another session of the server, nothing is left in the session.
class PostgresqlConnection final : public Connection {
 public:
  // Connects, within connect_timeout; its settings are made at the first begin(). Throws
  // DatabaseFailure.
  explicit PostgresqlConnection(const ServerAddress& address);
  ~PostgresqlConnection() override { stop_listening(); }

  void begin(Transaction kind) override;
  long long run(std::string_view sql, const Values& values,
                std::span<const Session::ColumnType> types, const Session::RowSink& sink) override;
  long long run_guarded(std::string_view sql, const Values& values) override;
  void commit(const std::vector<std::string>& last) override;
  void rollback() override;

 private:
  struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
  };
  using Result = std::unique_ptr<PGresult, Clear>;

  // What is known of the answers of one round: the first failure, and what a sink has thrown.
  struct Answer {
    std::optional<DatabaseFailure> failure;
    std::exception_ptr thrown;
    long long changed = 0;
    bool was_undone = false;  // a COMMIT that was a ROLLBACK
    std::size_t unwanted = 0;
  };
  struct Sink {
    std::span<const Session::ColumnType> types;
    const Session::RowSink& rows;
  };

  void set_up();
  void adjust();
  bool try_out(const std::string& sql);
  Result ask(const std::string& sql);

  // Each of these sends a part of a round, which send_end() closes.
  void send_ahead();
  void send_plain(const char* sql);
  bool send_statement(std::string_view sql, const PostgresqlValues& values);
  void send_end();
  void deallocate_dropped();

  Result next_result();
  void read_plain(Answer& answer);
  void read_rows(Answer& answer, const Sink& sink);
  void read_end();
  void hand_out(const PGresult& result, Answer& answer, const Sink& sink);
  void note(const PGresult& result, Answer& answer);
  void read_outstanding();
  void end(const char* sql);
  [[noreturn]] void lose();
  void forget_prepared(const DatabaseFailure& failure, std::string_view sql);

  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };

  const std::unique_ptr<PGconn, Finish> opened_;
  PGconn* const handle_;
  const std::chrono::milliseconds statement_timeout_;
  bool is_set_up_ = false;
  bool is_pooled_ = false;
  std::string local_settings_;  // behind a pooler: a statement at the begin of each transaction
  PreparedStatements prepared_;

  Transaction kind_ = Transaction::Read;
  std::vector<const char*> ahead_;  // goes with the next statement, before it
  bool has_begun_ = false;          // on the server
  std::size_t sent_ = 0;            // commands of the round so far
  std::string new_name_;            // of the statement that is prepared in it, if one is
  std::size_t outstanding_ = 0;     // commands of a round whose answers are to be read
  std::vector<Session::Cell> cells_;
};

}  // namespace millrace
