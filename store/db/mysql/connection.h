// A connection to MySQL or MariaDB: the MariaDB client library under a session of SOCI, which has
// opened it.
#pragma once

#include <soci/mysql/soci-mysql.h>
#include <soci/soci.h>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "store/db/mysql/query_killer.h"
#include "store/db/server/driver.h"

namespace millrace {

class MariadbConnection final : public Connection {
 public:
  // Connects, within connect_timeout; its settings are made at the first begin(). Throws
  // soci::soci_error and DatabaseFailure. `killer` outlives this.
  MariadbConnection(const ServerAddress& address, QueryKiller& killer);
  ~MariadbConnection() override { stop_listening(); }

  void begin(Transaction kind) override;
  // What a transaction may do is a setting of the session, which stays.
  bool begins_at_once(Transaction kind) const override { return is_set_for_ == kind; }
  long long run(std::string_view sql, const Values& values,
                std::span<const Session::ColumnType> types, const Session::RowSink& sink) override;
  void commit(const std::vector<std::string>& last) override;
  void rollback() override;

 private:
  struct Free {
    void operator()(MYSQL_RES* result) const { mysql_free_result(result); }
  };
  using Result = std::unique_ptr<MYSQL_RES, Free>;
  using Variables = std::map<std::string, std::string>;

  void end_on_server() noexcept override;

  Variables read_variables();
  void set_up();
  void adjust(const Variables& variables);
  void watch_for_loss();

  std::string text_of(std::string_view sql, const Values& values);
  void send(const std::string& sql);
  // For a statement whose answer nobody needs: it is read at the next use.
  void send_without_waiting(const std::string& sql);
  void read_outstanding();
  void hand_out(Result& result, std::span<const Session::ColumnType> types,
                const Session::RowSink& sink);
  void read_to_end(Result& result);
  [[noreturn]] void fail();

  soci::session soci_;
  MYSQL* const handle_;
  QueryKiller& killer_;
  const bool is_mariadb_;
  const std::chrono::milliseconds statement_timeout_;
  bool is_set_up_ = false;
  std::mutex target_mutex_;                    // guards target_, at which cut_off() looks
  std::optional<QueryKiller::Target> target_;  // where the server can be told to end a statement
  bool on_cluster_ = false;
  bool is_read_only_ = false;                     // by the administrator's default for transactions
  std::size_t longest_ = std::size_t{16} << 20U;  // a packet

  std::optional<Transaction> is_set_for_;
  Transaction kind_ = Transaction::Read;
  bool is_outstanding_ = false;  // an answer is to be read
  std::vector<Session::Cell> cells_;
};

}  // namespace millrace
